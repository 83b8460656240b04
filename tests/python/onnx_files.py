"""Small networks as ONNX files, written byte by byte, and the same networks in NumPy.

ONNX is Protocol Buffers: a message is a row of fields, each a number and a value. The few
messages and fields that a network needs are written here, so that the tests take no package
for it; their numbers are those of onnx.proto."""

import struct

import numpy as np

FLOAT, INT64, DOUBLE, FLOAT16 = 1, 7, 11, 10
TYPES = {np.dtype(np.float32): FLOAT, np.dtype(np.float64): DOUBLE,
         np.dtype(np.int64): INT64}


def varint(value):
    out = b""
    value &= (1 << 64) - 1
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def field(number, value):
    """One field: a whole number, or bytes, a text or a message."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    value = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(value)) + value


def message(*fields):
    """Fields as (number, value); a list stands for so many of one number."""
    out = b""
    for number, value in fields:
        for item in value if isinstance(value, list) else [value]:
            out += field(number, item)
    return out


def tensor(name, values, outside=None):
    """An initial value; `outside`: (file, offset) that has its bytes."""
    values = np.asarray(values)
    fields = [(1, [int(n) for n in values.shape]), (2, TYPES[values.dtype]), (8, name)]
    if outside is None:
        return message(*fields, (9, values.tobytes()))
    entries = {"location": outside[0], "offset": str(outside[1]),
               "length": str(values.nbytes)}
    return message(*fields, (13, [message((1, k), (2, v)) for k, v in entries.items()]),
                   (14, 1))


def node(kind, inputs, outputs, domain="", **attributes):
    made = []
    for name, value in attributes.items():
        if isinstance(value, int):
            made.append(message((1, name), (3, value), (20, 2)))
        elif isinstance(value, float):
            made.append(message((1, name)) + varint(2 << 3 | 5) + struct.pack("<f", value)
                        + message((20, 1)))
        elif isinstance(value[0], float):
            numbers = b"".join(varint(7 << 3 | 5) + struct.pack("<f", v) for v in value)
            made.append(message((1, name)) + numbers + message((20, 6)))
        else:
            made.append(message((1, name), (8, [int(v) for v in value]), (20, 7)))
    return message((1, inputs), (2, outputs), (4, kind), (5, made), (7, domain))


def described(name, kind, shape):
    """An input or output; dimensions are numbers or names."""
    dimensions = [message((1, n) if isinstance(n, int) else (2, n)) for n in shape]
    return message((1, name), (2, message((1, message((1, kind),
                                                      (2, message((1, dimensions))))))))


def sequence(name):
    """An output that is a list of tensors."""
    of = message((1, message((1, FLOAT))))
    return message((1, name), (2, message((4, message((1, of))))))


def model(nodes, values, inputs, outputs, ir_version=8, opset=17):
    """With the operators of deep learning, and those of scikit-learn's models."""
    graph = message((1, nodes), (2, "graph"), (5, values), (11, inputs), (12, outputs))
    return message((1, ir_version), (2, "test"), (7, graph),
                   (8, [message((1, ""), (2, opset)), message((1, "ai.onnx.ml"), (2, 3))]))


def write(path, content):
    with open(path, "wb") as file:
        file.write(content)
    return path


def deep(pixels, hidden=1024, layers=800):
    """A network that takes long: many layers of one matrix of weights."""
    draw = np.random.default_rng(1)
    values = [tensor("w", draw.normal(0, pixels ** -0.5, (pixels, hidden)).astype(np.float32)),
              tensor("v", draw.normal(0, hidden ** -0.5, (hidden, hidden)).astype(np.float32)),
              tensor("o", draw.normal(0, hidden ** -0.5, (hidden, 1)).astype(np.float32))]
    nodes = [node("MatMul", ["x", "w"], ["h0"])]
    for layer in range(layers):
        nodes.append(node("MatMul", [f"h{layer}", "v"], [f"m{layer}"]))
        nodes.append(node("Tanh", [f"m{layer}"], [f"h{layer + 1}"]))
    nodes.append(node("MatMul", [f"h{layers}", "o"], ["y"]))
    return model(nodes, values, [described("x", FLOAT, ["batch", pixels])],
                 [described("y", FLOAT, ["batch", 1])])


class Mlp:
    """Two layers: relu(x W + b) V + c; the weights scaled to outputs near 1."""

    def __init__(self, pixels, seed=1, hidden=24, outputs=1, dtype=np.float32, channels=1):
        draw = np.random.default_rng(seed)
        inputs = pixels * channels
        self.pixels, self.dtype, self.outputs, self.channels = pixels, dtype, outputs, channels
        self.w = draw.normal(0, inputs ** -0.5, (inputs, hidden)).astype(dtype)
        self.b = draw.normal(0, 0.5, hidden).astype(dtype)
        self.v = draw.normal(0, hidden ** -0.5, (hidden, outputs)).astype(dtype)
        self.c = draw.normal(0, 1, outputs).astype(dtype)

    def __call__(self, x):
        """In fp64; [rows][outputs]."""
        w, b, v, c = (a.astype(float) for a in (self.w, self.b, self.v, self.c))
        x = np.asarray(x, float).reshape(len(x), -1)
        return np.maximum(x @ w + b, 0) @ v + c

    def bytes(self, batch="batch", shape=None, out=None, outside=None, **words):
        """Its file. `shape`: of a spectrum, [pixels] by default; `out`: of what comes out;
        `outside`: a file beside it that has the weights, in their order."""
        kind = TYPES[np.dtype(self.dtype)]
        shape = [self.pixels] if shape is None else list(shape)
        flat = len(shape) > 1
        start, values, at = "x", [], 0
        nodes = []
        if flat:
            nodes.append(node("Flatten", ["x"], ["flat"], axis=1))
            start = "flat"
        nodes += [node("Gemm", [start, "w", "b"], ["h"]), node("Relu", ["h"], ["r"]),
                  node("Gemm", ["r", "v", "c"], ["y" if out is None else "wide"])]
        for name in "wbvc":
            array = getattr(self, name)
            values.append(tensor(name, array, outside and (outside, at)))
            at += array.nbytes
        if out is not None:
            values.append(tensor("to", np.array(out, np.int64)))
            nodes.append(node("Reshape", ["wide", "to"], ["y"]))
        ends = [batch, self.outputs] if out is None else [
            batch if n == -1 else n for n in out]
        return model(nodes, values, [described("x", kind, [batch] + shape)],
                     [described("y", kind, ends)], **words)

    def weights(self):
        """The bytes of the file beside it."""
        return b"".join(getattr(self, name).tobytes() for name in "wbvc")


class Convolution:
    """Conv1d, ReLU, MaxPool, Gemm: [batch, 1, pixels] to [batch, 1]."""

    def __init__(self, pixels, seed=2, channels=6, kernel=5, pool=4):
        draw = np.random.default_rng(seed)
        self.pixels, self.kernel, self.pool = pixels, kernel, pool
        self.k = draw.normal(0, kernel ** -0.5, (channels, 1, kernel)).astype(np.float32)
        self.b = draw.normal(0, 0.1, channels).astype(np.float32)
        left = channels * ((pixels - kernel + 1) // pool)
        self.v = draw.normal(0, left ** -0.5, (left, 1)).astype(np.float32)
        self.c = np.float32([0.3])

    def __call__(self, x):
        x = np.asarray(x, float)
        seen = np.lib.stride_tricks.sliding_window_view(x, self.kernel, axis=1)
        h = np.einsum("npk,ck->ncp", seen, self.k[:, 0].astype(float)) + self.b[:, None]
        h = np.maximum(h, 0)
        whole = h.shape[2] // self.pool * self.pool
        h = h[:, :, :whole].reshape(*h.shape[:2], -1, self.pool).max(-1)
        return h.reshape(len(x), -1) @ self.v.astype(float) + self.c

    def bytes(self, batch="batch"):
        nodes = [node("Conv", ["x", "k", "b"], ["h"], kernel_shape=[self.kernel]),
                 node("Relu", ["h"], ["r"]),
                 node("MaxPool", ["r"], ["p"], kernel_shape=[self.pool], strides=[self.pool]),
                 node("Flatten", ["p"], ["f"], axis=1),
                 node("Gemm", ["f", "v", "c"], ["y"])]
        values = [tensor("k", self.k), tensor("b", self.b), tensor("v", self.v),
                  tensor("c", self.c)]
        return model(nodes, values, [described("x", FLOAT, [batch, 1, self.pixels])],
                     [described("y", FLOAT, [batch, 1])])
