"""Writes pipeline/scheduled.safetensors: the golden pipeline's latents under diffusers' other schedulers.

    python test/golden/make-scheduled.py          # torch, diffusers, transformers, safetensors
"""

import json
from pathlib import Path

import torch
from diffusers import DPMSolverMultistepScheduler, EulerDiscreteScheduler, PNDMScheduler, StableDiffusionPipeline
from safetensors.torch import load_file, save_file

folder = Path(__file__).parent / "pipeline"
golden = json.loads((folder / "golden.json").read_text())
noise = load_file(folder / "golden.safetensors")["latents"]
pipeline = StableDiffusionPipeline.from_pretrained(folder, safety_checker=None, requires_safety_checker=False, torch_dtype=torch.float32)
pipeline.set_progress_bar_config(disable=True)
config = pipeline.scheduler.config
schedulers = {
    "pndm": PNDMScheduler.from_config(config),
    "dpm-solver++": DPMSolverMultistepScheduler.from_config(config),
    "euler": EulerDiscreteScheduler.from_config(config),
    # With keys that the folder's file is given.
    "dpm-solver++ karras": DPMSolverMultistepScheduler.from_config({**config, "use_karras_sigmas": True, "solver_order": 3}),
    "euler trailing": EulerDiscreteScheduler.from_config({**config, "timestep_spacing": "trailing"}),
}
written = {}
for name, scheduler in schedulers.items():
    pipeline.scheduler = scheduler
    with torch.no_grad():
        written[name] = pipeline(
            golden["prompts"],
            num_inference_steps=golden["steps"],
            guidance_scale=golden["guidance"],
            latents=noise,
            output_type="latent",
        ).images.contiguous()
save_file(written, folder / "scheduled.safetensors")
