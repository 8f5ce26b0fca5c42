"""Reads a folder of shards with pyarrow, DuckDB, polars and Arrow's data sets, and checks them against their manifest.

    pip install pyarrow duckdb polars
    python bench/peer/read_shards.py SHARDS

Exits with 1 if a tool reads rows other than the manifest's, or a digest differs.
"""

import hashlib
import json
import sys

import duckdb
import polars
import pyarrow.dataset
import pyarrow.parquet

folder = sys.argv[1]
manifest = json.load(open(f"{folder}/manifest.json"))
entries = [entry for split in manifest["splits"].values() for entry in split["shards"]]
faults = 0


def check(what, found, expected):
    global faults
    if found != expected:
        faults += 1
        print(f"{what}: {found!r}, expected {expected!r}")


for entry in entries:
    path = f"{folder}/{entry['file']}"
    data = open(path, "rb").read()
    check(f"{path}: bytes", len(data), entry["bytes"])
    check(f"{path}: sha256", hashlib.sha256(data).hexdigest(), entry["sha256"])
    table = pyarrow.parquet.read_table(path)
    rows = list(zip(*(column.to_pylist() for column in table.columns)))
    content = "\n".join("\t".join(map(str, row)) for row in rows)
    check(f"{path}: content", hashlib.sha256(content.encode()).hexdigest(), entry["content"])
    check(f"{path}: DuckDB", duckdb.execute(f"SELECT id, prompt, tokens, source FROM '{path}'").fetchall(), rows)
    check(f"{path}: polars", polars.read_parquet(path).rows(), rows)
    file = pyarrow.parquet.ParquetFile(path)
    middle = file.metadata.num_row_groups // 2
    start = sum(file.metadata.row_group(i).num_rows for i in range(middle))
    part = file.read_row_group(middle).to_pylist()
    check(f"{path}: row group {middle}", [tuple(row.values()) for row in part], rows[start : start + len(part)])
for split, shards in manifest["splits"].items():
    paths = [f"{folder}/{entry['file']}" for entry in shards["shards"]]
    found = pyarrow.dataset.dataset(paths).count_rows() if paths else 0
    check(f"{split}: Arrow", found, shards["rows"])
    sizes = [entry["rows"] for entry in shards["shards"]]
    check(f"{split}: sizes differ by one at most", not sizes or "extends" in manifest or max(sizes) - min(sizes) <= 1, True)
digest = hashlib.sha256("\n".join(entry["content"] for split in ("train", "validation", "test") for entry in manifest["splits"][split]["shards"]).encode())
check("content of all", digest.hexdigest(), manifest["content"])
check("counts", manifest["filter"]["read"], manifest["filter"]["kept"] + sum(manifest["filter"]["dropped"].values()))
print(f"{len(entries)} shards, {sum(entry['rows'] for entry in entries)} rows, {faults} faults")
sys.exit(faults > 0)
