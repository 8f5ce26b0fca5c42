"""Files of prompts by pyarrow, polars and fastparquet, whose features DuckDB and apache-arrow do not write (test/golden/prompts).

python make-prompts.py FOLDER   # pyarrow 26.0.1, polars 1, fastparquet 2026.9.0
"""

import sys

import fastparquet
import pandas
import polars
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq

folder = sys.argv[1]
words = ["a", None, "café", "", "a red circle on a white background"]
table = pa.table({"id": list(range(5)), "prompt": words})
pq.write_table(table, f"{folder}/sums.parquet", write_page_checksum=True)
pq.write_table(table.select(["prompt"]), f"{folder}/nulls.parquet")
pq.write_table(pa.table({"prompt": ["a", "b", "c", "d", "e"]}), f"{folder}/no-nulls.parquet")
pq.write_table(table.select(["prompt"]), f"{folder}/nulls-v2.parquet", data_page_version="2.0", write_statistics=False)
# Both count nulls whatever they are told; parquet-mr does not where texts are long.
statistics = fastparquet.writer.parquet_thrift.Statistics
fastparquet.writer.parquet_thrift.Statistics = lambda **_: statistics()
texts = pandas.DataFrame({"prompt": words}, dtype=object)
for name, codec in {"unstated": None, "unstated-snappy": "SNAPPY"}.items():
    path = f"{folder}/{name}.parquet"
    fastparquet.write(path, texts, stats=False, object_encoding="utf8", compression=codec, write_index=False)
for name, version in {"delta": "1.0", "delta-v2": "2.0"}.items():
    delta = {"use_dictionary": False, "column_encoding": {"prompt": "DELTA_BYTE_ARRAY"}, "data_page_version": version}
    pq.write_table(table.select(["prompt"]), f"{folder}/{name}.parquet", **delta)
pyarrow.feather.write_feather(table, f"{folder}/lz4.feather", compression="lz4")
pyarrow.feather.write_feather(table, f"{folder}/zstd.feather", compression="zstd")

blob = pa.array([b"ok", b"caf\xe9", None, b"x"], pa.binary())
bad = pa.Array.from_buffers(pa.string(), 4, blob.buffers())
names = pa.table([bad, pa.array(["A", "B", "C", "D"])], names=["prompt", "Prompt"])
pq.write_table(names, f"{folder}/bad-text.parquet")
with pa.ipc.new_file(f"{folder}/bad-text.arrow", names.schema) as writer:
    writer.write_table(names)

nested = pa.table(
    {
        "captions": pa.array([["a", "b"], [], None, ["c"]]),
        "ls": pa.array([[{"text": "a"}], [{"text": None}], None, []]),
        "m": pa.array([[("k", "v")], [], None, [("z", "w")]], pa.map_(pa.string(), pa.string())),
        "s": pa.array([{"t": {"u": "x"}}, None, {"t": None}, {"t": {"u": "y"}}]),
    }
)
pq.write_table(nested, f"{folder}/nested.parquet")
with pa.ipc.new_file(f"{folder}/nested.arrow", nested.schema) as writer:
    writer.write_table(nested)
polars.DataFrame({"id": [1, 2], "prompt": ["a", "a text of more than twelve bytes"]}).write_ipc(f"{folder}/polars.arrow")
