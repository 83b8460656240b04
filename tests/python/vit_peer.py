"""The vision transformer of src/nn in PyTorch's modules, written from its description, and its
parameters in the order of ours, which is the order they are declared in here."""

import json
import struct
import subprocess

import numpy as np
import torch
from torch import nn


class Block(nn.Module):
    """A pre-LayerNorm block, dropout where Hugging Face's ViT has it."""

    def __init__(self, width, heads, hidden, dropout):
        super().__init__()
        self.norm1 = nn.LayerNorm(width, eps=1e-12)
        self.qkv = nn.Linear(width, 3 * width)
        self.project = nn.Linear(width, width)
        self.norm2 = nn.LayerNorm(width, eps=1e-12)
        self.up = nn.Linear(width, hidden)
        self.down = nn.Linear(hidden, width)
        self.heads, self.dropout = heads, nn.Dropout(dropout)

    def attention(self, q, k, v):
        weights = torch.softmax(q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5, dim=-1)
        return self.dropout(weights) @ v

    def forward(self, x):
        rows, tokens, width = x.shape
        q, k, v = (self.qkv(self.norm1(x)).view(rows, tokens, 3, self.heads, -1)
                   .permute(2, 0, 3, 1, 4))
        attended = self.attention(q, k, v).transpose(1, 2).reshape(rows, tokens, width)
        x = x + self.dropout(self.project(attended))
        hidden = nn.functional.gelu(self.up(self.norm2(x)))
        return x + self.dropout(self.down(hidden))


class Vit(nn.Module):
    def __init__(self, pixels, patch, width, layers, heads, hidden, targets, dropout,
                 head_hidden=0, block=Block):
        super().__init__()
        self.patches = nn.Conv1d(1, width, patch, stride=patch)
        self.class_token = nn.Parameter(torch.randn(1, 1, width))
        self.positions = nn.Parameter(torch.randn(1, 1 + pixels // patch, width))
        self.blocks = nn.ModuleList(block(width, heads, hidden, dropout) for _ in range(layers))
        self.norm = nn.LayerNorm(width, eps=1e-12)
        self.head_up = nn.Linear(width, targets * head_hidden) if head_hidden else None
        self.head = nn.Linear(head_hidden or width, targets)
        self.dropout = nn.Dropout(dropout)
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.normal_(module.weight, std=0.02)
                nn.init.zeros_(module.bias)

    def forward(self, x):
        tokens = self.patches(x[:, None, :]).transpose(1, 2)
        tokens = torch.cat([self.class_token.expand(len(x), -1, -1), tokens], dim=1)
        x = self.dropout(tokens + self.positions)
        for block in self.blocks:
            x = block(x)
        last = self.norm(x)[:, 0]
        if self.head_up is None:
            return self.head(last)
        # Every output sees the hidden layer of its own head alone.
        hidden = nn.functional.gelu(self.head_up(last)).view(len(x), *self.head.weight.shape)
        return (hidden * self.head.weight).sum(-1) + self.head.bias


def in_order(net):
    """Its parameters in the order of ours."""
    parts = [net.patches.weight, net.patches.bias, net.class_token, net.positions]
    for block in net.blocks:
        for layer in (block.norm1, block.qkv, block.project, block.norm2, block.up, block.down):
            parts += [layer.weight, layer.bias]
    parts += [net.norm.weight, net.norm.bias]
    if net.head_up is not None:
        parts += [net.head_up.weight, net.head_up.bias]
    return parts + [net.head.weight, net.head.bias]


def flat(net, pick=lambda p: p):
    """Parameters (or what `pick` takes of them) as one flat array."""
    return np.concatenate([pick(p).detach().numpy().ravel() for p in in_order(net)]).astype(np.float32)


def write_safetensors(path, net, prefix="", kinds=("F32",)):
    """The weights under Hugging Face's names, in turn of the kinds F32, F16 and BF16."""
    tensors = {"embeddings.cls_token": net.class_token,
               "embeddings.position_embeddings": net.positions,
               "embeddings.patch_embeddings.projection.weight": net.patches.weight,
               "embeddings.patch_embeddings.projection.bias": net.patches.bias,
               "layernorm.weight": net.norm.weight, "layernorm.bias": net.norm.bias}
    for i, block in enumerate(net.blocks):
        at = f"encoder.layer.{i}"
        names = {"layernorm_before": block.norm1, "layernorm_after": block.norm2,
                 "attention.output.dense": block.project, "intermediate.dense": block.up,
                 "output.dense": block.down}
        for name, layer in names.items():
            tensors[f"{at}.{name}.weight"], tensors[f"{at}.{name}.bias"] = layer.weight, layer.bias
        for kind in ("weight", "bias"):
            parts = torch.chunk(getattr(block.qkv, kind), 3)
            for name, part in zip(("query", "key", "value"), parts):
                tensors[f"{at}.attention.attention.{name}.{kind}"] = part
    tensors = {prefix + name: value for name, value in tensors.items()}
    tensors["regressor.weight"], tensors["regressor.bias"] = net.head.weight, net.head.bias
    header, data = {"__metadata__": {"format": "pt"}}, b""
    for i, (name, value) in enumerate(tensors.items()):
        kind = kinds[i % len(kinds)]
        raw = value.detach().contiguous().numpy()
        if kind == "F16":
            raw = raw.astype(np.float16)
        elif kind == "BF16":  # NumPy has none: the upper halves, rounded by PyTorch
            rounded = value.detach().to(torch.bfloat16).float().contiguous().numpy()
            raw = (rounded.view(np.uint32) >> 16).astype(np.uint16)
        header[name] = {"dtype": kind, "shape": list(value.shape),
                        "data_offsets": [len(data), len(data) + raw.nbytes]}
        data += raw.tobytes()
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


def put(net, values):
    """Our parameters into the PyTorch network."""
    at = 0
    with torch.no_grad():
        for p in in_order(net):
            p.copy_(torch.tensor(values[at:at + p.numel()].reshape(p.shape).copy()))
            at += p.numel()
    assert at == values.size


def train_ours(tool, shape, start, x, y, rate, decay, place, products="fp32", weights=None):
    """Runs tool_train_vit; what it wrote, by name, and the numbers it printed. y is
    [steps][rows][outputs]; weights: a safetensors file to start from instead."""
    steps, rows = y.shape[:2]
    inside, outside = f"{place}/in.f32", f"{place}/out.f32"
    with open(inside, "wb") as file:
        for part in (start, x, y):
            part.astype(np.float32).tofile(file)
    words = [tool, ",".join(map(str, shape)), rows, steps, rate, decay, inside, outside, products]
    words += [weights] if weights else []
    done = subprocess.run([str(w) for w in words], check=True, capture_output=True, text=True)
    values = np.fromfile(outside, np.float32)
    sizes = [("losses", steps), ("outputs", y[0].size), ("gradient", start.size),
             ("parameters", start.size), ("predicted", y[0].size)]
    out, at = {}, 0
    for name, size in sizes:
        out[name] = values[at:at + size]
        at += size
    assert at == values.size
    return out, [float(word) for word in done.stdout.split()]


def train(net, x, y, rate, decay):
    """The same steps by PyTorch."""
    optimiser = torch.optim.AdamW(net.parameters(), lr=rate, weight_decay=decay)
    out = {"losses": []}
    net.train()
    for batch, target in zip(torch.tensor(x), torch.tensor(y)):
        optimiser.zero_grad()
        outputs = net(batch)
        loss = ((outputs - target) ** 2).mean()
        loss.backward()
        if not out["losses"]:
            out["outputs"] = outputs.detach().numpy().ravel().copy()
            out["gradient"] = flat(net, lambda p: p.grad)
        out["losses"].append(float(loss))
        optimiser.step()
    return out
