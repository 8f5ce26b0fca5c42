"""
Adapters (LoRA) made by diffusers and PEFT for the networks of pipeline/, and what the networks compute with them.

    pip install torch diffusers==0.36.0 transformers==4.57.6 peft==0.21.2 accelerate safetensors
    python test/golden/make-lora.py               writes the golden files in lora/
    python test/golden/make-lora.py check FILE    loads these adapters, written by us, into diffusers, and prints how far
                                                  its outputs are from those of lora/golden.safetensors
    python test/golden/make-lora.py keys          writes lora/pattern-keys.json: which key of a pattern is a layer's in PEFT
    python test/golden/make-lora.py tuned MODEL STAGE   loads the adapters that a tuning stage trained (STAGE/lora/final)
                                                  into the model, and prints how far its outputs are from those of the
                                                  merged networks that the stage wrote (STAGE/encoder/final, unet/final)

lora/peft-unet and lora/peft-text are folders of PEFT, and lora/patterns.safetensors is a file of diffusers with the same two
adapters: rank-stabilized, with their own ranks and alphas for some layers, of linear layers and convolutions.
lora/patterns-golden.safetensors has what the networks compute with them.

lora/diffusers.safetensors is what save_lora_weights writes (PEFT's names, alpha in the metadata), lora/old.safetensors
the same adapters under the names that diffusers had before, lora/processors.safetensors under those of 2023 (python
test/golden/make-lora.py processors makes it of old.safetensors), lora/single.safetensors under those of single files.
"""

import json
import shutil
import sys
from pathlib import Path

import torch
from diffusers import AutoencoderKL, DDIMScheduler, StableDiffusionPipeline, UNet2DConditionModel
from diffusers.training_utils import _collate_lora_metadata
from peft import LoraConfig, get_peft_model
from peft.utils import get_peft_model_state_dict
from peft.utils.other import get_pattern_key
from safetensors.torch import load_file, save_file
from transformers import CLIPTextConfig, CLIPTextModel

HERE = Path(__file__).parent
MODEL = HERE / "pipeline"
RANK, ALPHA = dict(unet=3, text_encoder=2), dict(unet=6, text_encoder=2)


def pipeline():
    config = {k: v for k, v in json.loads((MODEL / "text_encoder/config.json").read_text()).items() if k not in ("dtype", "torch_dtype")}
    encoder = CLIPTextModel(CLIPTextConfig(**config))
    weights = load_file(MODEL / "text_encoder/model.safetensors")
    prefix = "text_model." if "text_model.final_layer_norm.weight" in encoder.state_dict() else ""  # transformers 5 has none
    encoder.load_state_dict({prefix + n.removeprefix("text_model."): t.float() for n, t in weights.items() if "position_ids" not in n})
    load = lambda kind, name: kind.from_pretrained(MODEL / name, torch_dtype=torch.float32)
    return StableDiffusionPipeline(
        text_encoder=encoder.eval(), tokenizer=None, unet=load(UNet2DConditionModel, "unet").eval(), vae=load(AutoencoderKL, "vae"),
        scheduler=DDIMScheduler.from_pretrained(MODEL / "scheduler"), safety_checker=None, feature_extractor=None, requires_safety_checker=False)


def inputs(pipe):
    g = torch.Generator().manual_seed(3)
    c = pipe.unet.config
    return {
        "in.sample": torch.randn(2, c.in_channels, 8, 8, generator=g),
        "in.timestep": torch.tensor([500.0, 20.0]),
        "in.context": torch.randn(2, 5, c.cross_attention_dim, generator=g),
        "in.ids": torch.tensor([[pipe.text_encoder.config.bos_token_id, 7, 30, 12, pipe.text_encoder.config.eos_token_id]], dtype=torch.float32),
    }


@torch.no_grad()
def outputs(pipe, x):
    return {
        "out.unet": pipe.unet(x["in.sample"], x["in.timestep"], x["in.context"]).sample,
        "out.hidden": pipe.text_encoder(x["in.ids"].long()).last_hidden_state,
    }


def make(folder):
    pipe = pipeline()
    g = torch.Generator().manual_seed(1)
    layers = {}
    for name, targets in dict(unet=["to_q", "to_k", "to_v", "to_out.0"], text_encoder=["q_proj", "k_proj", "v_proj", "out_proj"]).items():
        network = getattr(pipe, name)
        network.add_adapter(LoraConfig(r=RANK[name], lora_alpha=ALPHA[name], target_modules=targets))
        with torch.no_grad():
            for n, p in network.named_parameters():
                if "lora_" in n:
                    p.copy_(0.4 * torch.randn(p.shape, generator=g))
        layers[f"{name}_lora_layers"] = get_peft_model_state_dict(network)
    pipe.save_lora_weights(folder, weight_name="diffusers.safetensors", **layers, **_collate_lora_metadata(dict(unet=pipe.unet, text_encoder=pipe.text_encoder)))
    x = inputs(pipe)
    save_file({**x, **outputs(pipe, x)}, folder / "golden.safetensors")

    stored = load_file(folder / "diffusers.safetensors")
    old, single = {}, {}
    for name, t in stored.items():
        network, layer = name.split(".", 1)
        layer, end = layer.rsplit(".lora_", 1)
        scale = ALPHA[network] / RANK[network] if end.startswith("B") else 1  # the old names have no alpha
        old[f"{network}.{layer}.{dict(unet='lora', text_encoder='lora_linear_layer')[network]}.{dict(A='down', B='up')[end[0]]}.weight"] = t * scale
        key = f"lora_{dict(unet='unet', text_encoder='te')[network]}_{layer.replace('.', '_')}"
        single[f"{key}.lora_{dict(A='down', B='up')[end[0]]}.weight"] = t
        single[f"{key}.alpha"] = torch.tensor(float(ALPHA[network]))
    save_file(old, folder / "old.safetensors")
    save_file(processors(old), folder / "processors.safetensors")
    save_file(single, folder / "single.safetensors")


def processors(old):
    """The names that diffusers wrote in 2023, of attention processors."""
    short = dict(q_proj="to_q", k_proj="to_k", v_proj="to_v", out_proj="to_out")
    found = {}
    for name, t in old.items():
        layer, end = name.split(".lora.") if ".lora." in name else name.split(".lora_linear_layer.")
        attention, _, projection = layer.removesuffix(".0").rpartition(".")
        processor = attention + (".processor" if name.startswith("unet.") else "")
        found[f"{processor}.{short.get(projection, projection)}_lora.{end}"] = t
    return found


def pattern_keys():
    """Which key of a pattern PEFT takes for a layer, or the layer itself."""
    to_q, fc1 = "mid_block.attentions.0.transformer_blocks.0.attn1.to_q", "text_model.encoder.layers.11.mlp.fc1"
    cases = [(layer, keys) for layer in (to_q, fc1, "conv_in", "down_blocks.0.resnets.1.conv1") for keys in (
        ["to_q"], ["q"], ["to_."], [".*to_q"], [".*fc1", "fc1"], ["fc1", ".*fc1"], ["^conv_in"], ["^to_q"], ["attn1.to_q"], ["attn1_to_q"],
        [r"attn\d+\.to_(q|k)"], [r"layers\.(1[01]|2)\.mlp\.fc\d"], ["layers.1.mlp.fc1"], [r".*\.mlp\.fc1$"], ["attn[12].to_[qkv]"],
        ["(?:conv_in|conv1)"], ["conv_in|conv1"], ["down_blocks|conv1"], [r"resnets\.\d{1,2}\.conv1"], [r"\w+"], [".+"], ["mid_block.*"], ["conv_i?n"])]
    return [[layer, keys, get_pattern_key(keys, layer)] for layer, keys in cases]


def patterns(folder):
    pipe = pipeline()
    g = torch.Generator().manual_seed(2)
    configs = dict(
        unet=LoraConfig(r=4, lora_alpha=8, use_rslora=True, target_modules=["to_q", "to_v", "conv1", "conv_shortcut", "proj_in"],
                        rank_pattern={"to_v": 2}, alpha_pattern={"mid_block.attentions.0.transformer_blocks.0.attn1.to_q": 3, "conv1": 5}),
        text_encoder=LoraConfig(r=2, lora_alpha=6, target_modules=["q_proj", "fc1"], layers_to_transform=[0],
                                alpha_pattern={"fc1": 1}, rank_pattern={"fc1": 3}))
    layers = {}
    for name, config in configs.items():
        network = getattr(pipe, name)
        peft = get_peft_model(network, config)
        with torch.no_grad():
            for n, p in network.named_parameters():
                if "lora_" in n:
                    p.copy_((0.4 if p.shape[-1] > 1 or p.dim() == 2 else 0.2) * torch.randn(p.shape, generator=g))
        peft.save_pretrained(folder / dict(unet="peft-unet", text_encoder="peft-text")[name], safe_serialization=name == "unet")
        layers[f"{name}_lora_layers"] = {n.removeprefix("base_model.model."): t for n, t in get_peft_model_state_dict(peft).items()}
        network.peft_config = peft.peft_config
    if (folder / "peft-text/adapter_model.safetensors").exists():  # newer versions write no pickles
        torch.save(load_file(folder / "peft-text/adapter_model.safetensors"), folder / "peft-text/adapter_model.bin")
        (folder / "peft-text/adapter_model.safetensors").unlink()
    for readme in folder.glob("peft-*/README.md"):
        readme.unlink()
    pipe.save_lora_weights(folder, weight_name="patterns.safetensors", **layers, **_collate_lora_metadata(dict(unet=pipe.unet, text_encoder=pipe.text_encoder)))
    x = load_file(folder / "golden.safetensors")
    save_file(outputs(pipe, x), folder / "patterns-golden.safetensors")
    again = pipeline()
    again.load_lora_weights(str(folder), weight_name="patterns.safetensors")
    for name, value in outputs(again, x).items():
        print(name, "by diffusers again:", ((value - outputs(pipe, x)[name]).norm() / value.norm()).item())


@torch.no_grad()
def tuned(model, stage):
    pipe = StableDiffusionPipeline.from_pretrained(model, safety_checker=None)
    g = torch.Generator().manual_seed(4)
    unet, encoder = pipe.unet.config, pipe.text_encoder.config
    x = {
        "in.sample": torch.randn(2, unet.in_channels, unet.sample_size, unet.sample_size, generator=g),
        "in.timestep": torch.tensor([500.0, 20.0]),
        "in.context": torch.randn(2, 5, unet.cross_attention_dim, generator=g),
        "in.ids": torch.randint(encoder.vocab_size, (3, encoder.max_position_embeddings), generator=g),
    }
    plain = outputs(pipe, x)
    pipe.load_lora_weights(stage / "lora/final")
    adapted = outputs(pipe, x)
    pipe.unload_lora_weights()
    pipe.text_encoder = CLIPTextModel.from_pretrained(stage / "encoder/final").eval()
    names = ["out.hidden"]
    if (stage / "unet/final").exists():
        pipe.unet = UNet2DConditionModel.from_pretrained(stage / "unet/final").eval()
        names.append("out.unet")
    merged = outputs(pipe, x)
    for name in names:
        far = lambda t: ((t[name] - merged[name]).norm() / merged[name].norm()).item()
        print(f"{name}: {far(adapted):.1e} from the merged network's, which is {far(plain):.1e} from that without adapters")
        assert far(adapted) < 1e-5 < far(plain)


if __name__ == "__main__":
    if sys.argv[1:2] == ["tuned"]:
        tuned(Path(sys.argv[2]), Path(sys.argv[3]))
    elif sys.argv[1:2] == ["keys"]:
        (HERE / "lora/pattern-keys.json").write_text(json.dumps(pattern_keys()) + "\n")
    elif sys.argv[1:2] == ["processors"]:
        save_file(processors(load_file(HERE / "lora/old.safetensors")), HERE / "lora/processors.safetensors")
    elif sys.argv[1:2] == ["patterns"]:
        patterns(HERE / "lora")
    elif sys.argv[1:2] == ["check"]:
        pipe = pipeline()
        pipe.load_lora_weights(str(Path(sys.argv[2]).parent), weight_name=Path(sys.argv[2]).name)
        golden = load_file(HERE / "lora/golden.safetensors")
        plain = outputs(pipeline(), golden)
        for name, ours in outputs(pipe, golden).items():
            far = lambda t: ((t - golden[name]).norm() / golden[name].norm()).item()
            print(f"{name}: {far(ours):.1e} from the golden output, which is {far(plain[name]):.2f} from that without adapters")
            assert far(ours) < 1e-5 < far(plain[name])
    else:
        shutil.rmtree(HERE / "lora", ignore_errors=True)
        (HERE / "lora").mkdir()
        make(HERE / "lora")
        patterns(HERE / "lora")
        (HERE / "lora/pattern-keys.json").write_text(json.dumps(pattern_keys()) + "\n")
