"""How good is an extraction of entities and relations from a scientific sentence?"""

from sciie_eval.cards import list_cards, load_schema
from sciie_eval.exceptions import CorpusError, InputError, MissingExtraError, SciieError, UsageError
from sciie_eval.labels import LabelSchema
from sciie_eval.parsing import ParsedCompletion, parse_completion
from sciie_eval.schema import Entity, Example, Extraction, Relation
from sciie_eval.scoring import CorpusScore, score
from sciie_eval.settings import Settings
