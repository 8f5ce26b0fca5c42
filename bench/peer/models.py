"""
Writes random models of the full size of Stable Diffusion 1.5 and CLIP ViT-L/14 (float32, 6.1 GB) for the benchmarks.

    python models.py FOLDER TOKENIZER    FOLDER gets model/, clip/, head.safetensors, rewards.yaml

TOKENIZER is any CLIP tokenizer folder: it changes the words, not the work. Weights are torch's own initial ones.
"""

import json
import shutil
import sys
from pathlib import Path

import torch
from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel
from safetensors.torch import save_file
from transformers import CLIPConfig, CLIPModel, CLIPTextConfig, CLIPTextModel

LENGTH = 77


def write(folder, tokenizer):
    torch.manual_seed(0)
    words = json.loads((tokenizer / "tokenizer_config.json").read_text()) | {"model_max_length": LENGTH}
    vocabulary = json.loads((tokenizer / "vocab.json").read_text())
    start, end = vocabulary["<|startoftext|>"], vocabulary["<|endoftext|>"]
    ids = dict(vocab_size=49408, bos_token_id=start, eos_token_id=end, pad_token_id=end)
    text = dict(hidden_size=768, intermediate_size=3072, num_hidden_layers=12, num_attention_heads=12, max_position_embeddings=LENGTH, **ids)
    vision = dict(hidden_size=1024, intermediate_size=4096, num_hidden_layers=24, num_attention_heads=16, image_size=224, patch_size=14)

    def copy_tokenizer(to):
        shutil.copytree(tokenizer, to, dirs_exist_ok=True, ignore=lambda _, names: [n for n in names if n not in ("vocab.json", "merges.txt", "special_tokens_map.json")])
        (to / "tokenizer_config.json").write_text(json.dumps(words))

    model = folder / "model"
    CLIPTextModel(CLIPTextConfig(**text)).save_pretrained(model / "text_encoder")
    UNet2DConditionModel(sample_size=64, cross_attention_dim=768).save_pretrained(model / "unet", max_shard_size="20GB")
    decoder = AutoencoderKL(
        block_out_channels=[128, 256, 512, 512], layers_per_block=2, latent_channels=4, sample_size=512,
        down_block_types=["DownEncoderBlock2D"] * 4, up_block_types=["UpDecoderBlock2D"] * 4)
    decoder.save_pretrained(model / "vae")
    DDIMScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", clip_sample=False, set_alpha_to_one=False,
        steps_offset=1).save_pretrained(model / "scheduler")
    copy_tokenizer(model / "tokenizer")

    clip = CLIPModel(CLIPConfig(projection_dim=768, text_config=text, vision_config=vision))
    clip.save_pretrained(folder / "clip", max_shard_size="20GB")
    copy_tokenizer(folder / "clip")
    save_file({"weight": torch.randn(1, 768), "bias": torch.randn(1)}, folder / "head.safetensors")
    (folder / "rewards.yaml").write_text(
        "rewards:\n"
        "  - { name: clip, type: clip-similarity, model: clip, weight: 100 }\n"
        "  - { name: aesthetic, type: aesthetic, model: clip, head: head.safetensors, weight: 1 }\n")
    # Written last: a folder without it is incomplete.
    (model / "model_index.json").write_text(json.dumps(dict(
        _class_name="StableDiffusionPipeline", requires_safety_checker=False,
        feature_extractor=[None, None], image_encoder=[None, None], safety_checker=[None, None],
        scheduler=["diffusers", "DDIMScheduler"], text_encoder=["transformers", "CLIPTextModel"],
        tokenizer=["transformers", "CLIPTokenizer"], unet=["diffusers", "UNet2DConditionModel"],
        vae=["diffusers", "AutoencoderKL"])))


if __name__ == "__main__":
    with torch.no_grad():
        write(Path(sys.argv[1]), Path(sys.argv[2]))
