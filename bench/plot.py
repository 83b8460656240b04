"""Log-log plots as SVG, drawn by hand: nothing need be installed to see them."""

import math


def ticks(low, high):
    """1, 2 and 5 times the powers of ten between two values; fewer where there are many."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for steps in ((1, 2, 5), (1, 3), (1,)):
        found = [m * 10.0 ** p for p in powers for m in steps if low <= m * 10.0 ** p <= high]
        if len(found) <= 8:
            break
    return found


def plot(path, title, unit, series, in_proportion):
    """A log-log plot as SVG. series: {name: [(rows, value)]}; in_proportion: with the line of
    what grows like N, through the first program's first point."""
    series = {name: sorted(p for p in line if p[1] > 0) for name, line in series.items()}
    points = [p for line in series.values() for p in line]
    if len({n for n, _ in points}) < 2:
        return
    left, top, right, bottom = 62, 40, 470, 262
    low, high = ([f(p[i] for p in points) for i in (0, 1)] for f in (min, max))
    logs = [(math.log10(low[0]) - 0.05, math.log10(high[0]) + 0.05),
            (math.log10(low[1]) - 0.12, math.log10(high[1]) + 0.12)]

    def across(n):
        return left + (right - left) * (math.log10(n) - logs[0][0]) / (logs[0][1] - logs[0][0])

    def up(value):
        share = (math.log10(value) - logs[1][0]) / (logs[1][1] - logs[1][0])
        return bottom - (bottom - top) * share

    out = ['<svg xmlns="http://www.w3.org/2000/svg" width="500" height="330" '
           'font-family="sans-serif" font-size="12">',
           '<rect width="500" height="330" fill="white"/>',
           f'<clipPath id="inside"><path d="M{left} {top}H{right}V{bottom}H{left}Z"/></clipPath>',
           f'<text x="{left}" y="22" font-size="14">{title}</text>']
    for value in ticks(10 ** logs[1][0], 10 ** logs[1][1]):
        out.append(f'<path d="M{left} {up(value):.1f}H{right}" stroke="#dddddd"/>'
                   f'<text x="{left - 6}" y="{up(value) + 4:.1f}" text-anchor="end">{value:g}'
                   '</text>')
    for n in sorted({n for n, _ in points}):
        out.append(f'<path d="M{across(n):.1f} {bottom}v5" stroke="black"/>'
                   f'<text x="{across(n):.1f}" y="{bottom + 18}" text-anchor="middle">{n:,}</text>')
    out.append(f'<path d="M{left} {top}V{bottom}H{right}" fill="none" stroke="black"/>')
    out.append(f'<text x="{(left + right) / 2:.0f}" y="{bottom + 36}" text-anchor="middle">'
               'training spectra, N</text>')
    out.append(f'<text transform="translate(16 {(top + bottom) / 2:.0f}) rotate(-90)" '
               f'text-anchor="middle">{unit}</text>')
    keys = [(name, colour, "") for name, colour in zip(series, ("#0072b2", "#d55e00"))]
    if in_proportion:
        n, value = next(iter(series.values()))[0]
        ends = [(m, value * m / n) for m in (low[0], high[0])]
        path_data = "L".join(f"{across(m):.1f} {up(v):.1f}" for m, v in ends)
        out.append(f'<path d="M{path_data}" fill="none" stroke="#888888" stroke-dasharray="4 4" '
                   'clip-path="url(#inside)"/>')
        keys.append(("in proportion to N", "#888888", ' stroke-dasharray="4 4"'))
    for (_, colour, _), line in zip(keys, series.values()):
        spots = [(across(n), up(value)) for n, value in line]
        text = " ".join(f"{x:.1f},{y:.1f}" for x, y in spots)
        out.append(f'<polyline points="{text}" fill="none" stroke="{colour}" stroke-width="2"/>')
        out += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in spots]
    start = left
    for name, colour, dashes in keys:
        out.append(f'<path d="M{start:g} 316h18" stroke="{colour}" stroke-width="2"{dashes}/>'
                   f'<text x="{start + 24:g}" y="320">{name}</text>')
        start += 40 + 6.5 * len(name)
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(out + ["</svg>\n"]))
