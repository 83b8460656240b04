"""The network of src/nn in PyTorch, and its parameters in the order of ours."""

import subprocess

import numpy as np
import torch
from torch import nn


def make(pixels, channels, kernel, pool, hidden, norm, targets=1):
    """The same shape; kernels of odd width, for which both pad alike."""
    layers, inputs, width = [], 1, pixels
    for outputs in channels:
        layers.append(nn.Conv1d(inputs, outputs, kernel, padding=kernel // 2))
        layers += [nn.BatchNorm1d(outputs)] if norm else []
        layers += [nn.ReLU(), nn.MaxPool1d(pool)]
        inputs, width = outputs, width // pool
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(width * inputs, hidden), nn.ReLU(),
                         nn.Linear(hidden, targets))


def in_our_order(net, pick=lambda p: p):
    """Parameters (or what `pick` takes of them, their gradients) as one flat array."""
    parts, channels = [], None
    for layer in net:
        if isinstance(layer, nn.Conv1d):
            parts += [pick(layer.weight).permute(2, 1, 0), pick(layer.bias)]
            channels = layer.out_channels
        elif isinstance(layer, nn.BatchNorm1d):
            parts += [pick(layer.weight), pick(layer.bias)]
        elif isinstance(layer, nn.Linear):
            weight = pick(layer.weight)
            if layer is not net[-1]:  # PyTorch flattens channel by channel, we pixel by pixel
                weight = weight.reshape(layer.out_features, channels, -1).permute(0, 2, 1)
            parts += [weight, pick(layer.bias)]
    return np.concatenate([p.detach().numpy().ravel() for p in parts]).astype(np.float32)


def put_our_order(net, flat):
    """The other way: our parameters into the PyTorch network."""
    at, channels = 0, None

    def take(shape):
        nonlocal at
        count = int(np.prod(shape))
        at += count
        return torch.tensor(flat[at - count:at].reshape(shape).copy())

    with torch.no_grad():
        for layer in net:
            if isinstance(layer, nn.Conv1d):
                channels = layer.out_channels
                shape = (layer.kernel_size[0], layer.in_channels, channels)
                layer.weight.copy_(take(shape).permute(2, 1, 0))
                layer.bias.copy_(take(channels))
            elif isinstance(layer, nn.BatchNorm1d):
                layer.weight.copy_(take(layer.num_features))
                layer.bias.copy_(take(layer.num_features))
            elif isinstance(layer, nn.Linear):
                outputs, inputs = layer.weight.shape
                if layer is not net[-1]:
                    weight = take((outputs, inputs // channels, channels)).permute(0, 2, 1)
                    layer.weight.copy_(weight.reshape(outputs, inputs))
                else:
                    layer.weight.copy_(take((outputs, inputs)))
                layer.bias.copy_(take(outputs))
    assert at == flat.size


def statistics(net):
    parts = [part.numpy() for layer in net if isinstance(layer, nn.BatchNorm1d)
             for part in (layer.running_mean, layer.running_var)]
    return np.concatenate(parts) if parts else np.zeros(0, np.float32)


def put_statistics(net, flat):
    at = 0
    for layer in net:
        if isinstance(layer, nn.BatchNorm1d):
            n = layer.num_features
            layer.running_mean.copy_(torch.tensor(flat[at:at + n].copy()))
            layer.running_var.copy_(torch.tensor(flat[at + n:at + 2 * n].copy()))
            at += 2 * n
    assert at == flat.size


def train_ours(tool, shape, start, x, y, rate, decay, place, precision="fp32"):
    """Runs tool_train_network; what it wrote, by name, and the numbers it printed. With
    several outputs the shape names their number last, and y is [steps][rows][outputs]."""
    pixels, channels, kernel, pool, hidden, norm = shape[:6]
    steps, rows = y.shape[:2]
    if len(shape) > 6:
        hidden = f"{hidden},{shape[6]}"
    inside, outside = f"{place}/in.f32", f"{place}/out.f32"
    with open(inside, "wb") as file:
        for part in (start, x, y):
            part.astype(np.float32).tofile(file)
    words = [tool, pixels, ",".join(map(str, channels)), kernel, pool, hidden, int(norm), rows,
             steps, rate, decay, inside, outside] + (["bf16"] if precision == "bf16" else [])
    done = subprocess.run([str(w) for w in words], check=True, capture_output=True, text=True)
    flat = np.fromfile(outside, np.float32)
    statistic_count = 2 * sum(channels) if norm else 0
    values = y[0].size
    sizes = [("losses", steps), ("outputs", values), ("gradient", start.size),
             ("parameters", start.size), ("statistics", statistic_count), ("predicted", values)]
    out, at = {}, 0
    for name, size in sizes:
        out[name] = flat[at:at + size]
        at += size
    assert at == flat.size
    return out, [float(word) for word in done.stdout.split()]


def train(net, x, y, rate, decay):
    """The same steps by PyTorch."""
    optimiser = torch.optim.AdamW(net.parameters(), lr=rate, weight_decay=decay)
    out = {"losses": []}
    net.train()
    for batch, target in zip(torch.tensor(x), torch.tensor(y)):
        optimiser.zero_grad()
        outputs = net(batch[:, None, :]).reshape(target.shape)
        loss = ((outputs - target) ** 2).mean()
        loss.backward()
        if not out["losses"]:
            out["outputs"] = outputs.detach().numpy().ravel().copy()
            out["gradient"] = in_our_order(net, lambda p: p.grad)
        out["losses"].append(float(loss))
        optimiser.step()
    return out
