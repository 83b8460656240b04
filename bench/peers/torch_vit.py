"""SpecViT's network trained by PyTorch as its best user would, and by this program's steps, in
turn: samples a second and memory. bench/vit.sh runs it.

usage: torch_vit.py TOOL PLACE THREADS ROWS STEPS
       torch_vit.py memory PRECISION THREADS ROWS

TOOL is tool_train_vit. The first step is not timed, on either side. The second form trains two
steps alone. The environment may say how often REPEATS (3) it is measured, and DROPOUT (0.1)."""

import os
import statistics
import subprocess
import sys
import time

import torch_network as network  # before torch: it asks glibc to keep memory
import numpy as np
import torch
from torch.nn import functional

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tests",
                                "python"))
import vit_peer as peer

REPEATS = int(os.environ.get("REPEATS", "3"))
SHAPE = (4096, 16, 256, 6, 8, 1024, 1, float(os.environ.get("DROPOUT", "0.1")))
RATE, DECAY = 3e-4, 0.01


class Block(peer.Block):
    """With PyTorch's own fused attention."""

    def attention(self, q, k, v):
        dropout = self.dropout.p if self.training else 0
        return functional.scaled_dot_product_attention(q, k, v, dropout_p=dropout)


def make():
    return peer.Vit(*SHAPE, block=Block)


def step(net, adam, x, y, bf16):
    adam.zero_grad(set_to_none=True)
    with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
        outputs = net(x)
    loss = functional.mse_loss(outputs.float(), y)
    loss.backward()
    adam.step()


def optimiser(net):
    return torch.optim.AdamW(net.parameters(), lr=RATE, weight_decay=DECAY, fused=True)


def rates_of_theirs(x, y, bf16):
    net = make()
    adam = optimiser(net)
    net.train()
    x, y = torch.tensor(x), torch.tensor(y)
    step(net, adam, x[0], y[0], bf16)
    wall, processor = time.perf_counter(), time.process_time()
    for batch, target in zip(x[1:], y[1:]):
        step(net, adam, batch, target, bf16)
    count = (len(x) - 1) * x.shape[1]
    return count / (time.perf_counter() - wall), count / (time.process_time() - processor)


def batches(rows, steps):
    rng = np.random.default_rng(1)
    return (rng.standard_normal((steps, rows, SHAPE[0])).astype(np.float32),
            rng.standard_normal((steps, rows, 1)).astype(np.float32))


def memory(precision, threads, rows):
    """Two steps, for who watches this process."""
    torch.set_num_threads(threads)
    rates_of_theirs(*batches(rows, 2), precision == "bf16")


def peak_memory(words):
    """Of a process, in MiB. GNU time stands between, as the kernel counts what the process that
    starts another has."""
    words = ["/usr/bin/time", "-f", "%M"] + [str(word) for word in words]
    done = subprocess.run(words, check=True, capture_output=True, text=True)
    return int(done.stderr.split()[-1]) // 1024


def memory_of_ours(tool, place, precision, x, y):
    start = peer.flat(make())
    inside = f"{place}/in.f32"
    with open(inside, "wb") as file:
        for part in (start, x, y):
            part.tofile(file)
    return peak_memory([tool, ",".join(map(str, SHAPE)), x.shape[1], len(x), RATE, DECAY, inside,
                        f"{place}/out.f32", precision])


def compare(tool, place, threads, rows, steps):
    torch.set_num_threads(threads)
    os.environ["OMP_NUM_THREADS"] = str(threads)
    x, y = batches(rows, steps)
    start = peer.flat(make())
    rates, shares = {}, []
    for _ in range(REPEATS):
        for precision in ("fp32", "bf16"):
            _, (seconds, products, operations, processor) = peer.train_ours(
                tool, SHAPE, start, x, y, RATE, DECAY, place, precision)
            count = (steps - 1) * rows
            rates.setdefault(("headroom", precision), []).append((count / seconds,
                                                                  count / processor))
            rates.setdefault(("PyTorch", precision), []).append(
                rates_of_theirs(x, y, precision == "bf16"))
            if precision == "fp32":
                shares.append(operations * count / seconds / products)
    print(f"\nBatches of {rows}, {threads} threads, dropout {SHAPE[-1]}, PyTorch "
          f"{torch.__version__}, medians of {REPEATS}; headroom in fp32 has "
          f"{statistics.median(shares):.2f} of the rate of matrix products.\n\n"
          "| program | samples a second | a second of processor time | by the clock, times as fast "
          "| by processor time |\n|---|---:|---:|---:|---:|")
    for (program, name), pairs in rates.items():
        cells = [f"{statistics.median(pair[i] for pair in pairs):.1f}" for i in (0, 1)]
        for i in (0, 1):
            ratios = sorted(a[i] / b[i] for a, b in zip(rates["headroom", name], pairs))
            cells.append("" if program == "headroom" else f"{statistics.median(ratios):.2f} "
                         f"({ratios[0]:.2f} to {ratios[-1]:.2f})")
        print(f"| {program}, {name} | {' | '.join(cells)} |")
    print("\n| program | peak memory, MiB |\n|---|---:|")
    for precision in ("fp32", "bf16"):
        ours = memory_of_ours(tool, place, precision, x[:2], y[:2])
        theirs = peak_memory([sys.executable, __file__, "memory", precision, threads, rows])
        print(f"| headroom, {precision} | {ours} |\n| PyTorch, {precision} | {theirs} |")


def main():
    words = sys.argv[1:]
    if words[:1] == ["memory"] and len(words) == 4:
        memory(words[1], int(words[2]), int(words[3]))
    elif len(words) == 5:
        compare(words[0], words[1], *map(int, words[2:]))
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
