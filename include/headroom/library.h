/* What all headers of Headroom have in common.
 *
 * Versions. A struct of options or of results begins with `size_t size`, which the caller
 * sets: options with their `hr_.._default()`, results with
 *     hr_run_info info = {.size = sizeof info};    (C++: info.size = sizeof info;)
 * Such a struct grows at its end alone, and the library takes and fills it as far as
 * `size` says; a size that no version has had is HR_ERR_USAGE. hr_error, hr_observer,
 * hr_progress and hr_simulate_range do not change.
 *
 * Ownership. What a function takes as `const T *` is borrowed for the call, unless its
 * comment says longer. Objects come from `.._open`, `.._look` or `hr_inspect` and are the
 * caller's, given back with the function that is named there, which sets the pointer to
 * NULL and allows NULL. Texts and arrays that an object's function gives are borrowed
 * from it, and stay until it is closed. On failure nothing is handed over.
 *
 * Threads. Functions may be called from any thread; two threads may call them at the same
 * time for different objects and different run directories, with one exception: where the
 * HDF5 library was not built thread-safe, only one thread at a time may be in functions
 * that read or write HDF5 files (study.h, sweep.h, simulate.h, inspect.h, spectra.h,
 * spectra_writer.h). An object
 * may be used by one thread at a time where its header does not say more. Observers are
 * called from the thread that called the library.
 *
 * The process. The library starts OpenMP threads, as many as OMP_NUM_THREADS and
 * omp_set_num_threads of the calling thread say; BLAS and LightGBM compute on the same
 * team. It turns off HDF5's printing of its error stack (H5Eset_auto2 of the default
 * stack), and keeps LightGBM's library loaded once it was needed. Files that are opened
 * as untrusted are read in a child process (fork), which is waited for. hr_study_run
 * holds RUN/run.lock (flock) while it works. Where OpenBLAS took the processor for an
 * older one and OPENBLAS_CORETYPE is not set, loading the library makes it choose anew,
 * with that variable set meanwhile. The library installs no signal handlers, sets no
 * locale and no other environment, never prints and never exits. */
#ifndef HEADROOM_LIBRARY_H
#define HEADROOM_LIBRARY_H

#include "headroom/export.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The version of the library that runs, as HR_VERSION of headroom/version.h is that of
 * the headers: "0.1.0". Never freed. */
HR_API const char *hr_version(void);

#ifdef __cplusplus
}
#endif
#endif
