"""
Writes a table for each class whose configuration files are read: the keys that diffusers, transformers and peft act on,
with their defaults. The tests walk them (test/models/folder/config-keys.ts), so that no key is passed over.

    pip install torch diffusers==0.42.1 transformers==5.24.0 peft==0.21.2
    python test/golden/config-keys/make.py
"""

import dataclasses
import enum
import inspect
import json
import re
from pathlib import Path

import diffusers
import peft
import transformers
from transformers.tokenization_utils_base import AddedToken, PreTrainedTokenizerBase
from transformers.tokenization_utils_tokenizers import TokenizersBackend

HERE = Path(__file__).parent
PIPELINE = inspect.getsource(diffusers.StableDiffusionPipeline)


def parameters(function):
    """{name: default} of a signature; a parameter without a default has none."""
    found = {}
    for name, parameter in inspect.signature(function).parameters.items():
        if name != "self" and parameter.kind not in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL):
            found[name] = {} if parameter.default is parameter.empty else {"default": plain(parameter.default)}
    return found


def plain(value):
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, (tuple, set)):
        return [plain(item) for item in value]
    if isinstance(value, (list, dict, str, int, float, bool, type(None))):
        return value
    return str(value)


def read_in(source, pattern):
    return {name: {} for name in re.findall(pattern, source)}


def diffusers_class(cls, part=None):
    """Adds the keys that the pipeline reads from a part's configuration, and those of any model."""
    keys = parameters(cls.__init__)
    keys |= read_in(inspect.getsource(diffusers.ConfigMixin.extract_init_dict), r"config_dict\.get\(\"(\w+)\"")
    if part:
        keys = read_in(PIPELINE, rf"self\.{part}\.config\.(\w+)") | {"quantization_config": {}} | keys
    return keys


def fields(cls):
    found = {}
    for field in dataclasses.fields(cls):
        if field.default is not dataclasses.MISSING:
            found[field.name] = {"default": plain(field.default)}
        elif field.default_factory is not dataclasses.MISSING:
            found[field.name] = {"default": plain(field.default_factory())}
        else:
            found[field.name] = {}
    return found


def transformers_config(cls, part=None):
    """Fields, the keyword arguments that the base class takes from the file, and keys that models and pipelines read."""
    base = inspect.getsource(transformers.PreTrainedConfig.__post_init__) + inspect.getsource(cls)
    keys = read_in(base, r"kwargs\.(?:pop|get)\(\"(\w+)\"") | {"quantization_config": {}}
    if part:
        keys |= read_in(PIPELINE, rf"self\.{part}\.config\.(\w+)")
    return keys | fields(cls)


def tokenizer():
    """tokenizer_config.json: arguments of the class and its bases, and the keys that loading looks for."""
    keys = {}
    for cls in (PreTrainedTokenizerBase, TokenizersBackend, transformers.CLIPTokenizer):
        keys |= read_in(inspect.getsource(cls.__init__), r"kwargs\.(?:pop|get|setdefault)\(\s*\"(\w+)\"")
        keys |= parameters(cls.__init__)
    loading = inspect.getsource(PreTrainedTokenizerBase._from_pretrained)
    keys |= read_in(loading, r"init_kwargs(?:\.pop|\.get)?[\[(]\"(\w+)\"")
    keys |= {name: {} for name in read_in(inspect.getsource(TokenizersBackend.convert_to_native_format),
                                          r"local_kwargs(?:\.pop|\.get)?[\[(]\"(\w+)\"")}
    keys |= {name: keys.get(name, {}) for name in PreTrainedTokenizerBase.SPECIAL_TOKENS_ATTRIBUTES}
    # Keys of the tokenizer that was not built on the library `tokenizers`; files still have them.
    keys |= {"do_lower_case": {}, "errors": {}, "add_prefix_space": {}}
    return keys


def added_token():
    return {name: {} for name in AddedToken("a").__getstate__()}


def image_processor():
    cls = transformers.CLIPImageProcessorPil
    keys = {}
    for base in (*reversed(cls.__mro__), *reversed(cls.valid_kwargs.__mro__)):
        for name in getattr(base, "__annotations__", {}):
            keys[name] = {}
    for name in keys:
        if hasattr(cls, name) and not callable(getattr(cls, name)):
            keys[name] = {"default": plain(getattr(cls, name))}
    return {name: value for name, value in keys.items() if not name.startswith("_")}


def pipeline():
    """model_index.json"""
    return parameters(diffusers.StableDiffusionPipeline.__init__)


def write(name, library, keys):
    table = {"library": f"{library.__name__} {library.__version__}", "keys": dict(sorted(keys.items()))}
    (HERE / f"{name}.json").write_text(json.dumps(table, indent=1) + "\n")


def main():
    write("UNet2DConditionModel", diffusers, diffusers_class(diffusers.UNet2DConditionModel, "unet"))
    write("AutoencoderKL", diffusers, diffusers_class(diffusers.AutoencoderKL, "vae"))
    write("StableDiffusionPipeline", diffusers, pipeline())
    for cls in diffusers.DDIMScheduler().compatibles:  # each reads the configuration of the others
        write(cls.__name__, diffusers, diffusers_class(cls))
    write("CLIPTextConfig", transformers, transformers_config(transformers.CLIPTextConfig, "text_encoder"))
    write("CLIPVisionConfig", transformers, transformers_config(transformers.CLIPVisionConfig))
    write("CLIPConfig", transformers, transformers_config(transformers.CLIPConfig))
    write("BertConfig", transformers, transformers_config(transformers.BertConfig))
    write("CLIPImageProcessor", transformers, image_processor())
    write("CLIPTokenizer", transformers, tokenizer())
    write("AddedToken", transformers, added_token())
    write("LoraConfig", peft, fields(peft.LoraConfig))


if __name__ == "__main__":
    main()
