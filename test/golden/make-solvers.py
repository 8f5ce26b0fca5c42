"""
Writes solvers.json beside this script: sampling runs of diffusers' schedulers on one number. The network is
sin(z + t / 100), where z is what the network would see. Latents are in Stable Diffusion's own scale (Euler's are scaled
back to it).

    pip install torch diffusers==0.42.1
    python test/golden/make-solvers.py
"""

import json
from pathlib import Path

import torch
from diffusers import DPMSolverMultistepScheduler, EulerDiscreteScheduler, PNDMScheduler

SD = dict(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", steps_offset=1)
SOLVERS = {
    "pndm": lambda **config: PNDMScheduler(skip_prk_steps=True, set_alpha_to_one=False, **config),
    "dpm-solver++": DPMSolverMultistepScheduler,
    "euler": EulerDiscreteScheduler,
}


def run(scheduler, steps):
    scheduler.set_timesteps(steps)
    z = torch.tensor([0.8], dtype=torch.float64) * scheduler.init_noise_sigma
    seen = []
    for t in scheduler.timesteps:
        model_input = scheduler.scale_model_input(z, t)
        seen.append(model_input.item())
        z = scheduler.step(torch.sin(model_input + t / 100), t, z).prev_sample
    return dict(timesteps=scheduler.timesteps.tolist(), seen=seen, end=z.item())


found = []
for name, make in SOLVERS.items():
    for prediction in ("epsilon", "v_prediction"):
        for spacing in ("leading", "linspace", "trailing"):
            for steps in (1, 2, 4, 7, 20):
                config = dict(prediction_type=prediction, timestep_spacing=spacing)
                found.append(dict(config, name=name, steps=steps, **run(make(**config, **SD), steps)))
(Path(__file__).parent / "solvers.json").write_text(json.dumps(found) + "\n")
