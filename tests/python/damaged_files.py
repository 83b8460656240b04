"""Damaged and made-up HDF5 files, the same ones every time: what disks, networks and people do.

Only what HDF5 reads or refuses with an error is in here. Some damage makes HDF5 1.10 crash, loop or
take gigabytes: single bytes changed inside its older structures, which have no checksum (so that it
follows addresses and sizes as they stand), groups nested thousands deep (which it walks in quadratic
time), and chunks of a gigabyte packed into a megabyte. Such files are not made. What the program does
when its reader dies, loops or swallows memory is shown by children that do so of themselves, in
tests/data/test_guard.c and tests/core/test_child.c. `copes` tells whether a file belongs in here.

`corpus(folder)` writes three small sound files and yields (class, name, path) of one bad file
after the other, at least 500 of them; each path is written anew, so look at it before going on.
"""

import os
import pickle
import random
import resource
import shutil
import struct
import zlib

import h5py
import numpy as np
import pandas as pd

ROWS, PIXELS = 40, 64
FLUX, ERROR = "/dataset/arrays/flux/value", "/dataset/arrays/error/value"
NOISY, WAVE, PARAMS = "/dataset/arrays/noisy/value", "/spectrumdataset/wave", "/dataset/params"
# What HDF5's own structures begin with; object headers of the old kind begin with nothing.
SIGNATURES = (b"TREE", b"SNOD", b"HEAP", b"GCOL", b"OHDR", b"OCHK", b"FRHP", b"FHDB", b"FHIB",
              b"BTHD", b"BTLF", b"BTIN", b"FAHD", b"FADB", b"EAHD", b"EAIB", b"EADB", b"FSHD")
WITHOUT_CHECKSUM = ("TREE", "SNOD", "HEAP", "GCOL", "header")


# --- sound files ---

def labels():
    """T_eff, M_H and log_g in every bin, snr, and a column each of other kinds."""
    index = np.arange(ROWS)
    return pd.DataFrame({"T_eff": 3800.0 + 2100.0 * index / ROWS, "M_H": -1.9 + 0.06 * index,
                         "log_g": 1.0 + 0.1 * index, "snr": 5.0 + index % 7,
                         "visit": index, "good": index % 2 == 0})


def write_sound(path, frame, **storage):
    """A shard as people make them: the arrays by h5py, the labels by pandas."""
    labels().to_hdf(path, "dataset/params", format=frame, mode="w")
    row, pixel = np.mgrid[0:ROWS, 0:PIXELS]
    flux = (1 + 0.1 * np.sin(row + pixel / 9)).astype("f4")
    with h5py.File(path, "a") as file:
        file.create_dataset(WAVE, data=7100 + 0.4 * np.arange(PIXELS), track_times=False)
        for name, values in ((FLUX, flux), (ERROR, 0.1 * flux), (NOISY, flux + 0.01)):
            file.create_dataset(name, data=values, track_times=False, **storage)


def write_latest(path, source):
    """The same in HDF5's newest format, whose structures are other ones, with checksums."""
    with h5py.File(source, "r") as old, h5py.File(path, "w", libver="latest") as new:
        for name in (WAVE, FLUX, ERROR, NOISY):
            options = {} if name == WAVE else {"chunks": (16, 64), "compression": "gzip"}
            new.create_dataset(name, data=old[name][...], track_times=False, **options)
        old.copy(PARAMS, new["/dataset"])


def sound_files(folder):
    names = {kind: os.path.join(folder, f"sound-{kind}.h5") for kind in ("table", "fixed", "latest")}
    write_sound(names["table"], "table")
    write_sound(names["fixed"], "fixed", chunks=(16, 32), compression="gzip", shuffle=True)
    write_latest(names["latest"], names["table"])
    return names


# --- damage to bytes ---

def truncations(bytes_):
    step = 4096
    for end in list(range(0, 2048, 256)) + list(range(2048, len(bytes_), step)):
        yield f"cut at {end}", bytes_[:end]
    for start in range(0, len(bytes_), 2 * step):
        yield f"zeros from {start}", (bytes_[:start] + bytes(step) + bytes_[start + step:])[:len(bytes_)]
        yield f"hole at {start}", bytes_[:start] + bytes_[start + 512:]


def structures(bytes_, path):
    """Where HDF5's own structures begin, by name."""
    places = {(0, "superblock")}
    for signature in SIGNATURES:
        at = bytes_.find(signature)
        while at >= 0:
            places.add((at, signature.decode()))
            at = bytes_.find(signature, at + 1)
    with h5py.File(path, "r") as file:
        file.visititems(lambda name, item: places.add((h5py.h5o.get_info(item.id).addr, "header")))
    return sorted(places)


def flips(bytes_, path, chance, each):
    """`each` single bits flipped near the start of every structure that has a checksum, as all of the
    newest format have, and a few whole bytes."""
    for at, name in structures(bytes_, path):
        if name in WITHOUT_CHECKSUM:
            continue
        for _ in range(each):
            damaged = bytearray(bytes_)
            place = min(at + chance.randrange(24), len(bytes_) - 1)
            bit = chance.randrange(10)
            damaged[place] = damaged[place] ^ 1 << bit if bit < 8 else 255 * (bit - 8)
            yield f"{name} at {at}: byte {place}", bytes(damaged)


def wrong_signatures(bytes_, path):
    """Of structures without checksums HDF5 looks at the signatures first: those are changed."""
    for at, name in structures(bytes_, path):
        if name in ("superblock", "header"):
            continue
        for byte in range(4):
            damaged = bytearray(bytes_)
            damaged[at + byte] ^= 0x20
            yield f"{name} at {at}: letter {byte}", bytes(damaged)


def impossible_sizes(bytes_, numbers):
    """Shapes, counts and addresses, wherever they stand, replaced by what cannot be."""
    for name, number in numbers.items():
        pattern = struct.pack("<Q", number)
        at = bytes_.find(pattern)
        for nth in range(6):
            if at < 0:
                break
            for wrong in (0, 1, 2**31, 2**40, 2**63, 2**64 - 1):
                yield (f"{name} number {nth} is {wrong}",
                       bytes_[:at] + struct.pack("<Q", wrong) + bytes_[at + 8:])
            at = bytes_.find(pattern, at + 8)


def noise(bytes_, chance):
    """Files that only begin, or do not even begin, as HDF5 does."""
    head = bytes_[:8]
    yield "empty", b""
    yield "text", b"wave,flux\n" * 1000
    yield "signature alone", head
    for size in (96, 4096, 65536):
        yield f"signature and {size} zeros", head + bytes(size)
        yield f"signature and {size} random bytes", head + chance.randbytes(size)
        yield f"superblock and {size} random bytes", bytes_[:96] + chance.randbytes(size)
    for block in (512, 1024, 2048):
        yield f"user block of {block}, old addresses", bytes(block) + bytes_
    middle = len(bytes_) // 2
    yield "second half first", bytes_[:2048] + bytes_[middle:] + bytes_[2048:middle]
    yield "twice", bytes_ + bytes_


# --- damage by meaning: functions that spoil an open file ---

def replace(file, name, **options):
    if name in file:
        del file[name]
    return file.create_dataset(name, **options)


def cycles():
    def soft(file):
        del file[FLUX]
        file["/dataset/arrays/flux/value"] = h5py.SoftLink("/ring")
        file["/ring"] = h5py.SoftLink(FLUX)

    def chain(file):
        file.move(WAVE, "/link0")
        for i in range(40):
            file[f"/link{i + 1}"] = h5py.SoftLink(f"/link{i}")
        file[WAVE] = h5py.SoftLink("/link40")

    def hard(file):
        file["/dataset/arrays/again"] = file["/dataset"]
        file["/dataset/self"] = file["/"]

    def params_is_root(file):
        file.move(PARAMS, "/labels")
        file[PARAMS] = file["/"]

    def wide(file):
        for i in range(3000):
            file.create_group(f"/many/{i}")

    yield from {"soft": soft, "chain of 40": chain, "hard": hard, "root as labels": params_is_root,
                "3000 groups wide": wide}.items()


def gzip_zeros(size):
    """Zeros, packed a thousand to one."""
    packer, page = zlib.compressobj(9), bytes(1 << 20)
    packed = b"".join(packer.compress(page) for _ in range(size >> 20))
    return packed + packer.flush()


def bombs():
    def one_chunk(rows):
        def spoil(file):
            file_bytes = gzip_zeros(min(rows * PIXELS * 4, 1 << 27))
            data = replace(file, FLUX, shape=(ROWS, PIXELS), maxshape=(None, PIXELS), dtype="f4",
                           chunks=(rows, PIXELS), compression="gzip")
            data.id.write_direct_chunk((0, 0), file_bytes)
        return spoil

    def many_rows(claimed, chunk):
        def spoil(file):
            packed = gzip_zeros(min(chunk * PIXELS * 4, 1 << 27))
            for name in (FLUX, ERROR, NOISY):
                data = replace(file, name, shape=(claimed, PIXELS), dtype="f4",
                               chunks=(chunk, PIXELS), compression="gzip")
                for first in range(0, min(claimed, 16 * chunk), chunk):
                    data.id.write_direct_chunk((first, 0), packed)
        return spoil

    def wide_wave(file):
        replace(file, WAVE, shape=(1 << 24,), dtype="f8", chunks=(1 << 24,), compression="gzip")
        file[WAVE].id.write_direct_chunk((0,), gzip_zeros(1 << 27))

    def long_names(file):
        names = replace(file, PARAMS + "/axis0", shape=(64,), dtype="S1000000", chunks=(64,),
                        compression="gzip")
        names.id.write_direct_chunk((0,), gzip_zeros(1 << 26))

    def long_attribute(file):
        file[PARAMS].attrs.create("pandas_type", "frame_table" + "x" * 60000)

    def variable_attribute(file):
        file[PARAMS].attrs["pandas_type"] = "frame" * 12000

    def many_attributes(file):
        for i in range(500):
            file[PARAMS].attrs[f"a{i}"] = "x" * 100

    def many_arrays(file):
        for i in range(11000):
            file.create_dataset(f"/crowd/{i}", data=0)

    def terminal(file):
        file["/\x1b[2J\x1b]0;owned\x07"] = np.zeros(3)

    for rows in (1 << 14, 1 << 16, 1 << 20):
        yield f"one chunk of {rows} rows", one_chunk(rows)
    for claimed, chunk in ((1 << 18, 1 << 12), (1 << 20, 1 << 14), (1 << 35, 1 << 14),
                           (1 << 37, 1 << 16)):
        yield f"{claimed} rows in chunks of {chunk}", many_rows(claimed, chunk)
    yield from {"wave of 16 million zeros": wide_wave, "names of a megabyte": long_names,
                "attribute of 60 kB": long_attribute, "variable attribute": variable_attribute,
                "500 attributes": many_attributes, "11000 arrays": many_arrays,
                "name that clears terminals": terminal}.items()


def outside():
    """What would make HDF5 open other files, or load code."""
    def external(name, target, path):
        def spoil(file):
            del file[name]
            file[name] = h5py.ExternalLink(target, path)
        return spoil

    def stored_outside(file):
        del file[FLUX]
        creation = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        creation.set_external(b"/etc/passwd", 0, h5py.h5f.UNLIMITED)
        h5py.h5d.create(file.id, FLUX.encode(), h5py.h5t.NATIVE_FLOAT,
                        h5py.h5s.create_simple((ROWS, PIXELS)), creation)

    def virtual(file):
        layout = h5py.VirtualLayout(shape=(ROWS, PIXELS), dtype="f4")
        layout[...] = h5py.VirtualSource("/etc/passwd", "flux", shape=(ROWS, PIXELS))
        del file[FLUX]
        file.create_virtual_dataset(FLUX, layout)

    def filtered(number, options=()):
        def spoil(file):
            del file[FLUX]
            creation = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
            creation.set_chunk((ROWS, PIXELS))
            creation.set_filter(number, h5py.h5z.FLAG_OPTIONAL, options)
            space = h5py.h5s.create_simple((ROWS, PIXELS))
            data = h5py.h5d.create(file.id, FLUX.encode(), h5py.h5t.NATIVE_FLOAT, space, creation)
            data.write_direct_chunk((0, 0), bytes(range(256)) * 40)
        return spoil

    for name in (FLUX, NOISY, WAVE, PARAMS, "/dataset"):
        yield f"link from {name}", external(name, "sound-table.h5", name)
        yield f"dangling link from {name}", external(name, "/no/such.h5", name)
    yield "link to itself", external(FLUX, "damaged.h5", FLUX)
    yield "link to a device", external(FLUX, "/dev/zero", FLUX)
    yield "external storage", stored_outside
    yield "virtual", virtual
    for number in (257, 400, 32000, 32001, 32004, 65535):
        yield f"filter {number}", filtered(number)
    yield "gzip that is none", filtered(h5py.h5z.FILTER_DEFLATE, (9,))
    yield "shuffle of 0 bytes", filtered(h5py.h5z.FILTER_SHUFFLE, (0,))


def wrong_classes():
    """Everything that is not what its name says."""
    def other_type(name, dtype, shape):
        def spoil(file):
            replace(file, name, shape=shape, dtype=dtype)[...] = np.zeros(shape, dtype)
        return spoil

    def other_shape(name, shape):
        return other_type(name, "f4", shape)

    def group(name):
        def spoil(file):
            del file[name]
            file.create_group(name)
        return spoil

    def named_type(name):
        def spoil(file):
            del file[name]
            file[name] = np.dtype("f4")
        return spoil

    def gone(name):
        def spoil(file):
            del file[name]
        return spoil

    def never_written(file):
        replace(file, FLUX, shape=(ROWS, PIXELS), dtype="f4", chunks=(8, 8))

    def null(file):
        del file[FLUX]
        file[FLUX] = h5py.Empty("f4")

    def variable(file):
        replace(file, FLUX, shape=(ROWS, PIXELS), dtype=h5py.vlen_dtype("f4"))

    def value(name, wrong):
        def spoil(file):
            file[name][0] = wrong
        return spoil

    for dtype in ("i4", "S8", "c8", "f2", "V16", "?", [("a", "f4"), ("b", "i2")]):
        for name in (WAVE, FLUX, NOISY):
            shape = (PIXELS,) if name == WAVE else (ROWS, PIXELS)
            yield f"{name} of {dtype}", other_type(name, dtype, shape)
    for name in (WAVE, FLUX, ERROR, NOISY, PARAMS):
        yield f"{name} a group", group(name)
        yield f"{name} a type", named_type(name)
        yield f"{name} gone", gone(name)
    for shape in ((), (1,), (ROWS * PIXELS,), (ROWS, 0), (0, PIXELS), (ROWS, PIXELS, 1),
                  (ROWS, PIXELS + 1), (ROWS + 1, PIXELS), (1,) * 20):
        for name in (WAVE, FLUX, NOISY):
            yield f"{name} shaped {shape}", other_shape(name, shape)
    for wrong in (np.nan, np.inf, -np.inf, 1e30):
        for name in (WAVE, FLUX, ERROR, NOISY):
            yield f"{name} holds {wrong}", value(name, wrong)
    yield from {"chunks never written": never_written, "null space": null,
                "variable length": variable}.items()


def wrong_frames():
    """Labels that pandas did not write so."""
    def attribute(where, name, wrong):
        def spoil(file):
            file[where].attrs[name] = wrong
        return spoil

    class Command:
        def __reduce__(self):
            return os.system, ("touch /tmp/headroom-was-here",)

    table = PARAMS + "/table"
    kinds = {"code": pickle.dumps([Command()], 0), "nested": b"(l" * 30000 + b".",
             "memo": b"(lp0\n" + b"g0\na" * 10000 + b".", "nothing": b"", "garbage": b"\xff" * 99,
             "no end": b"(lV" + b"x" * 60000,
             "protocol 9": pickle.dumps(["a"], 4).replace(b"\x04", b"\x09"),
             "numbers": pickle.dumps(list(range(100)), 0), "a list too long": pickle.dumps(["a"] * 20000, 2)}
    for name, kind in kinds.items():
        for member in ("values_block_0_kind", "values_block_1_kind"):
            yield f"{member}: {name}", attribute(table, member, np.void(kind) if kind else b"")
    for wrong in (b"series", b"frame", b"", b"frame_table" * 9, 7, np.arange(9), 2.5):
        yield f"pandas_type {wrong!r:.20}", attribute(PARAMS, "pandas_type", wrong)
    for wrong in (-1, 0, 1, 99, 10**9, 2**62, b"three", np.arange(3)):
        yield f"nblocks {wrong!r:.20}", attribute(PARAMS, "nblocks", wrong)
    for wrong in (0, 1, 7, b"yes"):
        yield f"transposed {wrong!r}", attribute(PARAMS + "/block0_values", "transposed", wrong)


# --- what belongs in here ---

MOST_SECONDS, MOST_BYTES = 4, 1 << 30


def read_everything(path):
    """All that there is in a file, by h5py; whatever it refuses with an error is passed over."""
    def look(_, item):
        values = [] if isinstance(item, h5py.Group) else [(item, ...)]
        for owner, key in values + [(item.attrs, name) for name in item.attrs]:
            try:
                owner[key]
            except Exception:
                pass
    with h5py.File(path, "r") as file:
        file.visititems(look)


def copes(path):
    """Whether HDF5, without this program, reads or refuses a file: in a process that may neither
    crash nor take more time and memory than it has."""
    process = os.fork()
    if process == 0:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        try:
            read_everything(path)
        except Exception:
            pass
        grown = 1024 * (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
        os._exit(0 if grown <= MOST_BYTES else 1)
    return os.waitpid(process, 0)[1] == 0


# --- all of it ---

def of_bytes(sound, chance):
    for kind, path in sound.items():
        with open(path, "rb") as file:
            bytes_ = file.read()
        has_checksums = kind == "latest"
        numbers = {"size": len(bytes_)} | ({"rows": ROWS, "pixels": PIXELS} if has_checksums else {})
        makers = {"truncated": truncations(bytes_),
                  "flipped": (flips(bytes_, path, chance, 15) if has_checksums
                              else wrong_signatures(bytes_, path)),
                  "impossible size": impossible_sizes(bytes_, numbers),
                  "no HDF5": noise(bytes_, chance)}
        for class_, maker in makers.items():
            for name, damaged in maker:
                yield class_, f"{kind}: {name}", damaged


def of_meaning(sound):
    makers = {"cycle": cycles, "bomb": bombs, "outside": outside, "wrong class": wrong_classes,
              "wrong frame": wrong_frames}
    for class_, maker in makers.items():
        for name, spoil in maker():
            base = "fixed" if "nblocks" in name or "names" in name or "transposed" in name else "table"
            yield class_, f"{base}: {name}", sound[base], spoil


def corpus(folder):
    sound = sound_files(folder)
    path = os.path.join(folder, "damaged.h5")
    for class_, name, damaged in of_bytes(sound, random.Random(7)):
        with open(path, "wb") as file:
            file.write(damaged)
        yield class_, name, path
    for class_, name, base, spoil in of_meaning(sound):
        shutil.copy(base, path)
        with h5py.File(path, "r+") as file:
            spoil(file)
        yield class_, name, path
