/* Where HDF5 writes a file to: a driver that never tells HDF5 of a failed write.
 *
 * HDF5 1.10 cannot close a file once a write has failed, and crashes when the process
 * exits. So a sink keeps the first error, drops what comes after it, and is asked by us:
 * a full disk is then a sentence and an exit code like any other failure. */
#ifndef HR_DATA_SINK_H
#define HR_DATA_SINK_H

#include <hdf5.h>
#include <stdint.h>

#if H5_VERSION_GE(1, 13, 0)
#include <H5FDdevelop.h>
#endif

#include "core/error.h"

typedef struct hr_sink {
  H5FD_t base;       /* HDF5's part of an open file; has to come first */
  int descriptor;    /* -1 when closed */
  int error;         /* errno of the first write that failed, or 0 */
  uint64_t end;      /* bytes written so far, the file's length */
  haddr_t allocated; /* what HDF5 calls the end of its address space */
  hid_t driver;      /* registered while the file is open: HDF5 1.10 looks at its driver
                        once more after it has let go of it */
} hr_sink;

#define HR_SINK_CLOSED \
  { .descriptor = -1, .driver = H5I_INVALID_HID }

/* Creates or empties `path`; HR_ERR_IO where that fails. */
hr_status hr_sink_open(const char *path, hr_sink *out, hr_error *err) HR_MUST_CHECK;

/* Behind H5Fclose of its file. */
void hr_sink_close(hr_sink *sink);

/* A new HDF5 file that is written to the sink, which must stay where it is until the file
 * is closed; negative where HDF5 fails. */
hid_t hr_sink_create_file(hr_sink *sink, const char *path);

#endif
