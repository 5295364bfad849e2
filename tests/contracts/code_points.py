"""A tokenizer whose tokens are the code points, so that any text comes back as it was."""

from typing import Any

import torch


class CodePoints:
    """Encodes and decodes as the trainers ask a tokenizer to."""

    def encode(self, text: str) -> list[int]:
        return [ord(character) for character in text]

    def decode(self, ids: Any, skip_special_tokens: bool = False) -> str:
        del skip_special_tokens
        return "".join(chr(int(code)) for code in ids)

    def __call__(self, text: str, **options: Any) -> dict[str, torch.Tensor]:
        del options
        return {"input_ids": torch.tensor([self.encode(text)])}
