/* What an error's remedy is called by those who read it: the options of the program, or,
 * in a library that is built into the Python package (HR_DOOR_PYTHON), the arguments of
 * its functions. Words of the library's own, chosen when it is compiled: sentences stay
 * whole, nothing is looked for in them, and no caller has to say who it is. Only
 * sentences take these; files of a study are the same whoever runs it. */
#ifndef HR_CORE_DOOR_H
#define HR_CORE_DOOR_H

#ifdef HR_DOOR_PYTHON
#define HR_DOOR_OUT          "out="
#define HR_DOOR_RESUME       "mode=\"resume\""
#define HR_DOOR_RESTART      "mode=\"restart\""
#define HR_DOOR_REPLACE      "mode=\"replace\""
#define HR_DOOR_NO_PREFLIGHT "preflight=False"
#define HR_DOOR_TARGET       "target="
#define HR_DOOR_OVERWRITE    "say overwrite=True"
#define HR_DOOR_GO_ON        "headroom.run(config, out=..., mode=\"resume\")"
#define HR_DOOR_PROGRESS     "its status.json"
#define HR_DOOR_REPORT       "Run.report() again"
#define HR_DOOR_LABELS       "headroom.read_spectra(FILE).labels has"
#define HR_DOOR_MASK_BITS    "mask_bits="
/* Settings over a configuration, where they come from, and what lists all keys. */
#define HR_DOOR_SET  "settings"
#define HR_DOOR_CALL "the call"
#define HR_DOOR_KEYS "docs/configuration.md"
#else
#define HR_DOOR_OUT          "--out"
#define HR_DOOR_RESUME       "--resume"
#define HR_DOOR_RESTART      "--restart"
#define HR_DOOR_REPLACE      "--replace"
#define HR_DOOR_NO_PREFLIGHT "--no-preflight"
#define HR_DOOR_TARGET       "--target"
#define HR_DOOR_OVERWRITE    "ask for it to be replaced"
#define HR_DOOR_GO_ON        "`headroom run CONFIG --out DIR --resume`"
#define HR_DOOR_PROGRESS     "`headroom status DIR`"
#define HR_DOOR_REPORT       "`headroom report`"
#define HR_DOOR_LABELS       "`headroom inspect` tells"
#define HR_DOOR_MASK_BITS    "--mask-bits"
#define HR_DOOR_SET          "--set"
#define HR_DOOR_CALL         "the command line"
#define HR_DOOR_KEYS         "`headroom config`"
#endif

#endif
