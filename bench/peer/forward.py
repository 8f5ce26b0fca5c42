"""
Runs the forward passes that `npm run bench` measures in torch.

    python forward.py SPECIFICATION.json    prints one JSON object; see bench/specification.ts
"""

import json
import sys
import time
from pathlib import Path

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from safetensors.torch import load_file, save_file
from transformers import CLIPTextModel

from step import peak_bytes


def network(spec):
    """Returns the function from the inputs by name to the output."""
    folder = Path(spec["model"])
    if spec["network"] == "text_encoder":
        encoder = CLIPTextModel.from_pretrained(folder / "text_encoder", dtype=torch.float32).eval()
        return lambda input_ids: encoder(input_ids.long()).last_hidden_state
    if spec["network"] == "unet":
        unet = UNet2DConditionModel.from_pretrained(folder / "unet", torch_dtype=torch.float32).eval()
        return lambda sample, timestep, encoder_hidden_states: unet(sample, timestep, encoder_hidden_states).sample
    vae = AutoencoderKL.from_pretrained(folder / "vae", torch_dtype=torch.float32).eval()
    vae.encoder = None
    return lambda latent_sample: vae.decode(latent_sample).sample


def main(spec):
    torch.set_num_threads(spec["threads"])
    inputs = load_file(spec["inputs"])
    f = network(spec)
    steps = []
    with torch.no_grad():
        for _ in range(spec["repeats"] + 1):
            start, cpu = time.perf_counter(), time.process_time()
            y = f(**inputs)
            steps.append({"wall": time.perf_counter() - start, "cpu": time.process_time() - cpu})
    save_file({"y": y.contiguous()}, spec["output"])
    return {"first": steps[0], "steps": steps[1:], "peakBytes": peak_bytes()}


if __name__ == "__main__":
    print(json.dumps(main(json.loads(Path(sys.argv[1]).read_text()))))
