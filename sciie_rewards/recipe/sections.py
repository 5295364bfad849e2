"""The sections of a run's settings, which `sciie_rewards.recipe.config` puts together."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from sciie_rewards.settings import RewardSettings

__all__ = [
    "Augment",
    "Data",
    "Domain",
    "DomainWeights",
    "Generate",
    "Grpo",
    "Lora",
    "Model",
    "Monitor",
    "Nano",
    "Phase",
    "Section",
    "Select",
    "Sft",
    "System",
    "Tables",
    "Task",
]

Task = Literal["ner", "re", "re_plus", "end2end"]


class Section(BaseModel):
    """A part of the settings: frozen, and strict about names."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Data(Section):
    """Which sentences.

    Attributes:
        card: dataset card, by name or path; prompts are built from it.
        train: split to train on.
        dev: split that is sampled during training, and by which the best checkpoint is chosen.
        tests: splits of the tables.
        limit: at most so many sentences of a split, evenly spaced over it; splits not named are taken whole.
        files: files of your own by split, in SciER's or in token-span form; they go before those of the card, which
            then gives labels and prompts.
        fallback: card to take where the files of ``card`` are absent; it is said when that happens.
    """

    card: str = "scier"
    train: str = "train"
    dev: str = "dev"
    tests: tuple[str, ...] = Field(default=("test", "test_ood"), min_length=1)
    limit: dict[str, Annotated[int, Field(ge=1)]] = Field(default_factory=dict)
    files: dict[str, str] = Field(default_factory=dict)
    fallback: str | None = None


class Model(Section):
    """The base model.

    Attributes:
        path: folder or hub name of a causal language model with a chat template; None: the nano model of this run.
        dtype: precision of its weights in training.
        prompts: ``guideline`` holds the card's definitions and notes; ``short`` is a task word and the sentence, for
            models that learn the task from the training split alone.
    """

    path: str | None = None
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    prompts: Literal["guideline", "short"] = "guideline"


class Nano(Section):
    """The nano model: a byte-level BPE tokenizer and a small Qwen2 from scratch; sizes as transformers names them."""

    vocab_size: int = Field(default=6000, ge=400)
    hidden_size: int = Field(default=256, ge=8)
    intermediate_size: int = Field(default=1024, ge=8)
    num_hidden_layers: int = Field(default=6, ge=1)
    num_attention_heads: int = Field(default=4, ge=1)
    max_position_embeddings: int = Field(default=1024, ge=64)


class Lora(Section):
    """A LoRA adapter (PEFT), merged into the model when the stage ends."""

    r: int = Field(default=16, ge=1)
    alpha: int = Field(default=32, ge=1)
    dropout: float = Field(default=0.0, ge=0, lt=1)
    target_modules: str | tuple[str, ...] = "all-linear"


class Augment(Section):
    """Entities swapped consistently in sentence, entities and relations, anew in every epoch.

    Attributes:
        rows: share of the training rows that are changed, in [0, 1].
        entities: share of the entities of such a row that are swapped, in [0, 1].
    """

    rows: float = Field(default=0.8, ge=0, le=1)
    entities: float = Field(default=0.5, ge=0, le=1)


class Phase(Section):
    """A part of SFT: which task forms, and for how many epochs."""

    tasks: tuple[Task, ...] = Field(min_length=1)
    epochs: float = Field(default=1.0, gt=0)


class Sft(Section):
    """Supervised fine-tuning.

    Attributes:
        style: what stands between the reasoning tags: ``none`` (no reasoning: plain SFT), ``template`` (the method's
            constant plan) or ``grounded`` (the plan filled from gold).
        phases: one after the other; by default the partial tasks, then the whole.
        augment: None trains on the sentences as they are.
        lora: None trains all weights.
        trainer: arguments of `trl.SFTConfig`.
    """

    style: Literal["none", "template", "grounded"] = "grounded"
    phases: tuple[Phase, ...] = (Phase(tasks=("ner", "re", "re_plus")), Phase(tasks=("end2end",), epochs=2.0))
    augment: Augment | None = None
    lora: Lora | None = None
    trainer: dict[str, Any] = Field(default_factory=dict)


class Select(Section):
    """Prompts for GRPO, chosen by samples of the model that it starts from.

    Attributes:
        size: prompts to keep: those whose samples the reward separates, least average reward first; None: all prompts
            of the split, nothing is sampled.
        candidates: train prompts that are sampled, evenly spaced; None: all.
        samples: completions a prompt.
    """

    size: int | None = Field(default=1000, ge=1)
    candidates: int | None = Field(default=None, ge=1)
    samples: int = Field(default=8, ge=2)


class Domain(Section):
    """Sentences of one domain of GRPO, with the card that they are asked and judged by.

    Attributes:
        card: dataset card, by name or path; None: that of the run.
        split: of the card; None: the one that the run trains on.
        file: a file of your own in place of the split.
        limit: at most so many sentences, evenly spaced.
    """

    card: str | None = None
    split: str | None = None
    file: str | None = None
    limit: int | None = Field(default=None, ge=1)


class DomainWeights(Section):
    """How domains are drawn (`sciie_rewards.recipe.domain_sampler`).

    Attributes:
        alpha: weight of the newest rewards in a domain's average.
        tau: in units of the reward; the smaller, the more the hardest domain gets.
        eps: share of the prompts that is dealt out evenly; of n domains each has at least eps / n of all.
    """

    alpha: float = Field(default=0.5, gt=0, le=1)
    tau: float = Field(default=0.5, gt=0)
    eps: float = Field(default=0.1, ge=0, le=1)


class Grpo(Section):
    """Reinforcement learning with a reward of this package.

    Attributes:
        reward: settings of `sciie_rewards.R2Reward`; its schema is that of the card, unless it names another.
        curriculum: prompts in ascending order of words + relations, which the trainer does not shuffle.
        max_prompt_length: tokens; longer prompts are reported before training starts, which they stop.
        select: which prompts; of every domain.
        domains: by name; prompts are drawn by domain, the harder ones more often. None: the training split, as the
            trainer draws it.
        domain_weights: how domains are drawn.
        lora: None trains all weights.
        trainer: arguments of `trl.GRPOConfig`.
    """

    reward: dict[str, Any] = Field(default_factory=dict)
    curriculum: bool = True
    max_prompt_length: int = Field(default=2048, ge=1)
    select: Select = Select()
    domains: dict[Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")], Domain] | None = Field(
        default=None, min_length=1
    )
    domain_weights: DomainWeights = DomainWeights()
    lora: Lora | None = None
    trainer: dict[str, Any] = Field(default_factory=dict)

    @field_validator("reward")
    @classmethod
    def _reward_is_one(cls, value: dict[str, Any]) -> dict[str, Any]:
        RewardSettings.of(**value)
        return value


class Monitor(Section):
    """What is measured on dev prompts during training; the best checkpoint by the average relation F1 is kept.

    Attributes:
        every: steps of the trainer; 0: never.
        prompts: dev sentences, evenly spaced.
        samples: completions a sentence.
    """

    every: int = Field(default=50, ge=0)
    prompts: int = Field(default=64, ge=1)
    samples: int = Field(default=4, ge=1)


class Generate(Section):
    """Sampling for the tables, and for `Select` and `Monitor`.

    Attributes:
        samples: completions a sentence.
        temperatures: the first is that of the tables; the others make the curve of scores against temperature.
        max_new_tokens: length limit of a completion.
        batch_size: completions at once, without vLLM.
        engine: ``auto`` takes vLLM where it is installed.
    """

    samples: int = Field(default=5, ge=1)
    temperatures: tuple[Annotated[float, Field(ge=0)], ...] = Field(default=(0.9,), min_length=1)
    max_new_tokens: int = Field(default=1400, ge=1)
    batch_size: int = Field(default=64, ge=1)
    engine: Literal["auto", "vllm", "transformers"] = "auto"


class Tables(Section):
    """Tables and pictures.

    Attributes:
        k: K of Best@K and Avg@K; at most `Generate.samples`.
        bootstrap: replicates of the intervals.
        published: whether numbers from the literature stand beside ours.
    """

    k: int = Field(default=5, ge=1)
    bootstrap: int = Field(default=1000, ge=1)
    published: bool = True


class System(Section):
    """A row of the tables.

    Attributes:
        name: of its folder and row.
        stage: ``sft``, ``grpo``, or ``dictionary``: the baseline that looks entities up, which is not trained.
        start: system to start from; None: the base model.
        settings: laid over the section of its stage (given as ``with``).
    """

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_+-]*$")
    stage: Literal["sft", "grpo", "dictionary"]
    start: str | None = None
    settings: dict[str, Any] = Field(default_factory=dict, alias="with")
