"""The study's network in PyTorch, as fast as PyTorch trains it on a processor.

Spectra are images of height 1, channels last: as Conv1d the same layers train half as many
samples a second (bench/cnn.md), since oneDNN then gets channels first. Memory that was given
back is kept, and lies on huge pages: PyTorch's guide for processors has people load another
allocator for that. With glibc's as it is, every layer's output is zeroed page by page anew, which
takes half of the time. PLAIN=1 in the environment leaves it so. Import this before torch."""

import ctypes
import os

if "PLAIN" not in os.environ:
    TRIM_THRESHOLD, MMAP_MAX = -1, -4  # names of mallopt's parameters, from malloc.h
    ctypes.CDLL(None).mallopt(TRIM_THRESHOLD, 2**31 - 1)
    ctypes.CDLL(None).mallopt(MMAP_MAX, 0)
    os.environ["THP_MEM_ALLOC_ENABLE"] = "1"

import torch
from torch import nn

PIXELS, CHANNELS, KERNEL, POOL, HIDDEN = 4096, (32, 64, 32), 5, 4, 64


def make(norm, flat=False):
    """flat: of Conv1d, to compare with."""
    layers, inputs, width = [], 1, PIXELS
    for outputs in CHANNELS:
        if flat:
            layers.append(nn.Conv1d(inputs, outputs, KERNEL, padding=KERNEL // 2))
            layers += [nn.BatchNorm1d(outputs)] if norm else []
            layers += [nn.ReLU(), nn.MaxPool1d(POOL)]
        else:
            layers.append(nn.Conv2d(inputs, outputs, (1, KERNEL), padding=(0, KERNEL // 2)))
            layers += [nn.BatchNorm2d(outputs)] if norm else []
            layers += [nn.ReLU(), nn.MaxPool2d((1, POOL))]
        inputs, width = outputs, width // POOL
    net = nn.Sequential(*layers, nn.Flatten(), nn.Linear(width * inputs, HIDDEN), nn.ReLU(),
                        nn.Linear(HIDDEN, 1))
    return net if flat else net.to(memory_format=torch.channels_last)


def shaped(x, flat=False):
    """[rows][pixels] as `make` takes it."""
    if flat:
        return x[:, None, :]
    return x[:, None, None, :].contiguous(memory_format=torch.channels_last)


def optimiser(net, rate, decay):
    return torch.optim.AdamW(net.parameters(), lr=rate, weight_decay=decay, fused=True)


def has_bf16():
    """Whether the processor multiplies bf16, and PRECISION in the environment is not fp32."""
    return (os.environ.get("PRECISION", "bf16") == "bf16" and
            torch.ops.mkldnn._is_mkldnn_bf16_supported())


def forward(net, x, bf16):
    """Outputs in fp32; products in bf16 where that is asked for."""
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bf16):
        return net(x)[:, 0].float()


def step(net, adam, x, y, bf16):
    adam.zero_grad()
    loss = ((forward(net, x, bf16) - y) ** 2).mean()
    loss.backward()
    adam.step()
    return float(loss.detach())
