"""Makes a tiny model and a tokenizer for the prompts of an exported file: model.py FILE FOLDER."""

import json
import sys
from pathlib import Path

from tiny import tiny_model, tokenizer

CHAT = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}{{ eos_token }}\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)

rows = [json.loads(line) for line in Path(sys.argv[1]).read_text(encoding="utf-8").splitlines()]
made = tokenizer([row["prompt"][0]["content"] for row in rows], CHAT)
made.save_pretrained(sys.argv[2])
tiny_model(made, hidden=16).save_pretrained(sys.argv[2])
