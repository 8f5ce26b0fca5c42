"""
Writes open-clip.safetensors, the tiny pipeline's text encoder as a checkpoint of Stable Diffusion 2 holds one: OpenCLIP's names,
one layer more than is used, and what is beside the layers; diffusers' conversion has to give the text encoder back.
Writes names.json: the names of the tiny pipeline's tensors in a single-file checkpoint and in diffusers. The original
names are made here by the rules of the code that the checkpoints come from; diffusers' own conversion then has to give
back every tensor under its name, or this script stops.

    pip install torch diffusers==0.42.1 safetensors
    python test/golden/single-file/make.py
"""

import json
from pathlib import Path

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from diffusers.loaders import single_file_utils
from diffusers.loaders.single_file_utils import convert_ldm_unet_checkpoint, convert_ldm_vae_checkpoint, convert_open_clip_checkpoint
from safetensors.torch import save_file
from transformers import CLIPTextModel

HERE = Path(__file__).parent


def unet_original(model):
    n = model.config.layers_per_block
    levels = len(model.config.block_out_channels)
    table = {"conv_in": "input_blocks.0.0", "time_embedding.linear_1": "time_embed.0", "time_embedding.linear_2": "time_embed.2",
             "conv_norm_out": "out.0", "conv_out": "out.2", "mid_block.resnets.0": "middle_block.0",
             "mid_block.attentions.0": "middle_block.1", "mid_block.resnets.1": "middle_block.2"}
    block = 1
    for level in range(levels):
        for i in range(n):
            table[f"down_blocks.{level}.resnets.{i}"] = f"input_blocks.{block}.0"
            table[f"down_blocks.{level}.attentions.{i}"] = f"input_blocks.{block}.1"
            block += 1
        if level < levels - 1:
            table[f"down_blocks.{level}.downsamplers.0.conv"] = f"input_blocks.{block}.0.op"
            block += 1
    block = 0
    for level in range(levels):
        attention = "CrossAttn" in model.config.up_block_types[level]
        for i in range(n + 1):
            table[f"up_blocks.{level}.resnets.{i}"] = f"output_blocks.{block}.0"
            table[f"up_blocks.{level}.attentions.{i}"] = f"output_blocks.{block}.1"
            if i == n and level < levels - 1:
                table[f"up_blocks.{level}.upsamplers.0.conv"] = f"output_blocks.{block}.{2 if attention else 1}.conv"
            block += 1
    inner = {"norm1": "in_layers.0", "conv1": "in_layers.2", "time_emb_proj": "emb_layers.1", "norm2": "out_layers.0",
             "conv2": "out_layers.3", "conv_shortcut": "skip_connection"}
    names = {}
    for name in model.state_dict():
        module = max((m for m in table if name.startswith(m + ".")), key=len)
        rest = name[len(module) + 1:]
        if ".resnets." in module:
            head, tail = rest.split(".", 1)
            rest = f"{inner[head]}.{tail}"
        names["model.diffusion_model." + table[module] + "." + rest] = name
    return names


def vae_original(model):
    levels = len(model.config.block_out_channels)
    names = {}
    for name in model.state_dict():
        new = name
        for level in range(levels):
            new = new.replace(f"encoder.down_blocks.{level}.resnets.", f"encoder.down.{level}.block.")
            new = new.replace(f"encoder.down_blocks.{level}.downsamplers.0.", f"encoder.down.{level}.downsample.")
            new = new.replace(f"decoder.up_blocks.{level}.resnets.", f"decoder.up.{levels - 1 - level}.block.")
            new = new.replace(f"decoder.up_blocks.{level}.upsamplers.0.", f"decoder.up.{levels - 1 - level}.upsample.")
        new = new.replace("mid_block.resnets.0", "mid.block_1").replace("mid_block.resnets.1", "mid.block_2")
        new = new.replace("conv_shortcut", "nin_shortcut").replace("conv_norm_out", "norm_out")
        for here, there in {"group_norm": "norm", "to_q": "q", "to_k": "k", "to_v": "v", "to_out.0": "proj_out"}.items():
            new = new.replace(f"mid_block.attentions.0.{here}.", f"mid.attn_1.{there}.")
        names["first_stage_model." + new] = name
    return names


def open_clip_original(model):
    """The state under OpenCLIP's names, with an unused last layer."""
    state = {name.removeprefix("text_model."): tensor for name, tensor in model.state_dict().items() if "position_ids" not in name}
    layers, width = model.config.num_hidden_layers, model.config.hidden_size
    out = {"positional_embedding": state["embeddings.position_embedding.weight"], "logit_scale": torch.tensor(4.6),
           "token_embedding.weight": state["embeddings.token_embedding.weight"], "text_projection": torch.randn(width, width),
           "attn_mask": torch.full((16, 16), float("-inf")).triu_(1),
           "ln_final.weight": state["final_layer_norm.weight"], "ln_final.bias": state["final_layer_norm.bias"]}
    inner = {"layer_norm1": "ln_1", "layer_norm2": "ln_2", "mlp.fc1": "mlp.c_fc", "mlp.fc2": "mlp.c_proj",
             "self_attn.out_proj": "attn.out_proj"}
    for layer in range(layers + 1):
        source, target = f"encoder.layers.{min(layer, layers - 1)}.", f"transformer.resblocks.{layer}."
        for kind in ("weight", "bias"):
            joint = [state[f"{source}self_attn.{letter}_proj.{kind}"] for letter in "qkv"]
            out[f"{target}attn.in_proj_{kind}"] = torch.cat(joint)
            for here, there in inner.items():
                out[f"{target}{there}.{kind}"] = state[f"{source}{here}.{kind}"]
    return {f"cond_stage_model.model.{name}": tensor.contiguous().clone() for name, tensor in out.items()}


def check_open_clip(checkpoint, model):
    # The last of 24 layers is left out by its name.
    last = f"cond_stage_model.model.transformer.resblocks.{model.config.num_hidden_layers}."
    kept = {name: tensor for name, tensor in checkpoint.items() if not name.startswith(last)}
    converted = {k.removeprefix("text_model."): v for k, v in convert_open_clip_checkpoint(model, kept).items()}
    state = {k.removeprefix("text_model."): v for k, v in model.state_dict().items()}
    assert sorted(converted) == sorted(state), set(converted) ^ set(state)
    for name, tensor in state.items():
        assert (converted[name] == tensor).all(), name
    assert {name.replace("23.", "2.") for name in single_file_utils.SD_2_TEXT_ENCODER_KEYS_TO_IGNORE} == {
        name for name in checkpoint if name.startswith(last) or name.endswith("text_projection")}


def check(names, state, convert, config):
    checkpoint = {}
    for original, name in names.items():
        tensor = state[name]
        is_attention = "attn_1" in original and original.endswith("weight") and ".norm." not in original
        checkpoint[original] = tensor[:, :, None, None] if is_attention else tensor
    converted = convert(checkpoint, config)
    assert sorted(converted) == sorted(state), set(converted) ^ set(state)
    for name, tensor in state.items():
        assert converted[name].shape == tensor.shape and (converted[name] == tensor).all(), name


def main():
    pipeline = HERE.parent / "pipeline"
    unet = UNet2DConditionModel.from_pretrained(pipeline / "unet")
    vae = AutoencoderKL.from_pretrained(pipeline / "vae")
    # Other depths than the tiny pipeline's, so that miscounted levels are noticed.
    deep = UNet2DConditionModel(sample_size=8, block_out_channels=(8, 8, 16), layers_per_block=2, norm_num_groups=4,
                                cross_attention_dim=12, attention_head_dim=2,
                                down_block_types=("CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"),
                                up_block_types=("UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"))
    deep_vae = AutoencoderKL(block_out_channels=(4, 4, 8), layers_per_block=2, norm_num_groups=2,
                             down_block_types=("DownEncoderBlock2D",) * 3, up_block_types=("UpDecoderBlock2D",) * 3)
    result = {}
    for case, model in {"unet": unet, "deepUnet": deep}.items():
        result[case] = unet_original(model)
        check(result[case], model.state_dict(), convert_ldm_unet_checkpoint, model.config)
    for case, model in {"vae": vae, "deepVae": deep_vae}.items():
        result[case] = vae_original(model)
        check(result[case], model.state_dict(), convert_ldm_vae_checkpoint, model.config)
    text = CLIPTextModel.from_pretrained(pipeline / "text_encoder").float()
    torch.manual_seed(5)
    checkpoint = open_clip_original(text)
    check_open_clip(checkpoint, text)
    save_file(checkpoint, HERE / "open-clip.safetensors")
    (HERE / "names.json").write_text(json.dumps(result, indent=0) + "\n")


if __name__ == "__main__":
    main()
