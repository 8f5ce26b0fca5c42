"""
Writes small files as torch.save() writes them, in both of its formats, and the same tensors in expected.safetensors
(float32, contiguous) to compare with.

    pip install torch numpy safetensors
    python test/golden/torch/make.py
"""

import sys
import types
from collections import OrderedDict
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

HERE = Path(__file__).parent


class ModelCheckpoint:
    """Stands for the class whose name PyTorch Lightning leaves in its checkpoints."""


def pretend(module_name, cls):
    parts = module_name.split(".")
    for i in range(len(parts)):
        sys.modules.setdefault(".".join(parts[: i + 1]), types.ModuleType(".".join(parts[: i + 1])))
    setattr(sys.modules[module_name], cls.__name__, cls)
    cls.__module__ = module_name


def tensors():
    g = torch.Generator().manual_seed(5)
    base = torch.randn(6, 5, generator=g)
    return OrderedDict(
        plain=torch.randn(2, 3, generator=g),
        half=torch.randn(3, generator=g).half(),
        bfloat=torch.randn(3, generator=g).bfloat16(),
        double=torch.randn(2, generator=g).double(),
        scalar=torch.tensor(4.6052),
        empty=torch.zeros(0, 4),
        transposed=base.t(),  # strides that differ from those of its shape
        slice=base[2:5, 1:4],  # an offset into a storage that it shares
        every_other=base[::2, ::3],
        permuted=torch.randn(2, 3, 4, generator=g).permute(2, 0, 1),
        parameter=torch.nn.Parameter(torch.randn(4, generator=g)),
        position_ids=torch.arange(4),
        mask=torch.tensor([True, False]),
    )


def main():
    state = tensors()
    expected = {k: t.detach().float().clone().contiguous() for k, t in state.items() if t.is_floating_point()}
    save_file(expected, HERE / "expected.safetensors")
    torch.save(state, HERE / "zip.pt")
    torch.save(state, HERE / "legacy.pth", _use_new_zipfile_serialization=False)
    torch.save({f"module.{k}": t for k, t in state.items()}, HERE / "parallel.bin")
    pretend("pytorch_lightning.callbacks.model_checkpoint", ModelCheckpoint)
    lightning = {"epoch": 3, "global_step": 2**40, "callbacks": {ModelCheckpoint: {"best": np.float64(0.5)}}, "state_dict": state}
    torch.save(lightning, HERE / "lightning.ckpt")
    model = torch.nn.Sequential(torch.nn.Linear(3, 2))
    torch.save(model, HERE / "module.pt")  # its own class: must be refused


if __name__ == "__main__":
    main()
