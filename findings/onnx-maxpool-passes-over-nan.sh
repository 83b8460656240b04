#!/usr/bin/env bash
# ONNX Runtime's MaxPool, GlobalMaxPool and ReduceMax pass over NaN: a network that pools
# says a number like any other about a spectrum with a NaN in it.
#
# Versions: onnxruntime 1.32.0, onnx 1.23.2, NumPy 2.4.4, x86-64. The values 1 to 16 with a
# NaN in the place of 6, pooled by four; NumPy's maximum, and PyTorch's (1.13, max_pool1d
# and amax), hand the NaN on. Of nothing but NaN its MaxPool makes the least number of
# fp32, finite. Its ReLU, sigmoid and average pooling hand NaN on. ONNX does not say what a
# maximum of a NaN is, so that the same network may say a number here and NaN there.
# Output seen:
#   MaxPool [4, 8, 12, 16], NumPy [4, nan, 12, 16]; of nothing but NaN -3.40e+38
#   GlobalMaxPool [16], NumPy [nan]; of nothing but NaN nan
#   ReduceMax [16], NumPy [nan]; of nothing but NaN nan
#   Relu, Sigmoid, AveragePool hand it on
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet onnxruntime==1.32.0 onnx==1.23.2 numpy==2.4.4
"$folder/venv/bin/python" - <<'PYTHON'
import numpy as np
import onnxruntime
from onnx import TensorProto, helper

values = np.arange(1, 17, dtype=np.float32).reshape(1, 1, 16)
values[0, 0, 5] = np.nan
pool = {"kernel_shape": [4], "strides": [4]}


def run(kind, x, **attributes):
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 1, None])
            for name in "xy"]
    node = helper.make_node(kind, ["x"], ["y"], **attributes)
    graph = helper.make_graph([node], "graph", ends[:1], ends[1:])
    model = helper.make_model(graph, ir_version=8,
                              opset_imports=[helper.make_opsetid("", 17)])
    session = onnxruntime.InferenceSession(model.SerializeToString())
    return session.run(None, {"x": x})[0].ravel()


def shown(numbers):
    return "[" + ", ".join(f"{x:g}" for x in np.ravel(numbers)) + "]"


for kind, words, numpy in (("MaxPool", pool, values.reshape(4, 4).max(1)),
                           ("GlobalMaxPool", {}, values.max()),
                           ("ReduceMax", {"axes": [2]}, values.max())):
    some, none = run(kind, values, **words), run(kind, np.full_like(values, np.nan), **words)
    print(f"{kind} {shown(some)}, NumPy {shown(numpy)}; of nothing but NaN {none[0]:.2e}")
    assert np.isfinite(some).all() and np.isnan(numpy).any()
for kind, words in (("Relu", {}), ("Sigmoid", {}), ("AveragePool", pool)):
    assert np.isnan(run(kind, values, **words)).sum() == 1
print("Relu, Sigmoid, AveragePool hand it on")
PYTHON
