"""Compares `textcraftor prompts tokens` with Hugging Face's CLIPTokenizer.

    textcraftor prompts tokens --tokenizer DIR prompts.txt > ids.jsonl
    pip install transformers && python bench/peer/clip_tokens.py DIR prompts.txt ids.jsonl

prompts.txt has one prompt per line. Exits with 1 if a line differs.
"""

import json
import sys
import time

from transformers import CLIPTokenizer

folder, prompts, ours = sys.argv[1:]
lines = open(prompts, encoding="utf-8", newline="").read().replace("\r\n", "\n").removesuffix("\n").split("\n")
found = [json.loads(line) for line in open(ours, encoding="utf-8")]
tokenizer = CLIPTokenizer.from_pretrained(folder)

start = time.process_time()
expected = [tokenizer(line).input_ids for line in lines]
seconds = time.process_time() - start
different = [i for i, (a, b) in enumerate(zip(found, expected)) if a != b]
for i in different[:5]:
    print(f"line {i + 1}: {lines[i]!r}\n  ours   {found[i]}\n  theirs {expected[i]}")
print(f"{len(lines)} lines, {len(found)} found, {len(different)} different; {len(lines) / seconds:.0f} lines a CPU second here")
sys.exit(1 if different or len(found) != len(lines) else 0)
