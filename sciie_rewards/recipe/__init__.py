"""The bundled recipe: MimicSFT, then R²GRPO, on TRL and PEFT as they are, driven by one file of settings."""
