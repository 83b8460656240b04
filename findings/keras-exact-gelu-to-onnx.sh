#!/usr/bin/env bash
# Keras exports a layer with its exact GELU, the activation of vision transformers, to an
# ONNX file that no runtime loads, and returns as if all were well: tf2onnx writes
# TensorFlow's Erfc, which ONNX does not have, into the graph as it stands. The tanh form
# (approximate=True) and the same function written with erf export well.
#
# Versions: keras 3.15.1, tensorflow-cpu 2.21.0, tf2onnx 1.17.0, onnx 1.23.2, onnxruntime
# 1.32.0, x86-64. Output seen:
#   gelu: exported, operators with Erfc; loaded: no, No Op registered for Erfc
#   gelu, approximate: exported, operators without Erfc; loaded: yes, off by less than 1e-6
#   x (1 + erf) / 2: exported, operators without Erfc; loaded: yes, off by less than 1e-6
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet keras==3.15.1 tensorflow-cpu==2.21.0 \
  tf2onnx==1.17.0 onnx==1.23.2 onnxruntime==1.32.0
cd "$folder"
TF_CPP_MIN_LOG_LEVEL=3 "$folder/venv/bin/python" 2>messages <<'PYTHON' || { tail -3 messages; exit 1; }
import keras
import numpy as np
import onnx
import onnxruntime

x = np.linspace(-3, 3, 64, dtype=np.float32).reshape(8, 8)
forms = {"gelu": lambda v: keras.activations.gelu(v, approximate=False),
         "gelu, approximate": lambda v: keras.activations.gelu(v, approximate=True),
         "x (1 + erf) / 2": lambda v: 0.5 * v * (1 + keras.ops.erf(v * 0.5 ** 0.5))}
loads = {}
for name, form in forms.items():
    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(4, activation=form)])
    expected = model.predict(x, verbose=0)
    model.export("model.onnx", format="onnx", verbose=False)
    operators = {node.op_type for node in onnx.load("model.onnx").graph.node}
    try:
        session = onnxruntime.InferenceSession("model.onnx")
        off = np.abs(session.run(None, {session.get_inputs()[0].name: x})[0]
                     - expected).max()
        assert off < 1e-6
        loads[name] = "yes, off by less than 1e-6"
    except onnxruntime.capi.onnxruntime_pybind11_state.InvalidGraph as reason:
        assert "No Op registered for Erfc" in str(reason)
        loads[name] = "no, No Op registered for Erfc"
    print(f"{name}: exported, operators with{'' if 'Erfc' in operators else 'out'} Erfc; "
          f"loaded: {loads[name]}")
assert loads["gelu"].startswith("no")
assert all(how.startswith("yes") for name, how in loads.items() if name != "gelu")
PYTHON
