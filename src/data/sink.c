/* The HDF5 driver behind data/sink.h. Here is what HDF5 calls when it writes one new
 * file: reads and writes at an address, and the length of the file. */
#include "data/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "data/hdf5_file.h"

hr_status hr_sink_open(const char *path, hr_sink *out, hr_error *err) {
  /* Read as well: HDF5 reads back parts of its own metadata. */
  int descriptor = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (descriptor < 0) {
    return hr_fail_errno(err, HR_ERR_IO, errno, "cannot create %s", path);
  }
  *out = (hr_sink){.descriptor = descriptor, .driver = H5I_INVALID_HID};
  return HR_OK;
}

void hr_sink_close(hr_sink *sink) {
  if (sink->descriptor >= 0) close(sink->descriptor);
  sink->descriptor = -1;
  if (sink->driver >= 0) H5FDunregister(sink->driver);
  sink->driver = H5I_INVALID_HID;
}

/* The driver's settings: which sink. */
typedef struct sink_info {
  hr_sink *sink;
} sink_info;

static hr_sink *sink_of(H5FD_t *file) {
  return (hr_sink *)(void *)file;
}

static H5FD_t *open_file(const char *name, unsigned flags, hid_t access, haddr_t most) {
  (void)name, (void)flags, (void)most;
  const sink_info *info = H5Pget_driver_info(access);
  return info ? &info->sink->base : NULL;
}

static herr_t close_file(H5FD_t *file) {
  (void)file; /* the sink belongs to whoever opened it */
  return 0;
}

static herr_t query(const H5FD_t *file, unsigned long *flags) {
  (void)file;
  *flags = H5FD_FEAT_AGGREGATE_METADATA | H5FD_FEAT_ACCUMULATE_METADATA |
           H5FD_FEAT_DATA_SIEVE | H5FD_FEAT_AGGREGATE_SMALLDATA;
  return 0;
}

static haddr_t get_eoa(const H5FD_t *file, H5FD_mem_t type) {
  (void)type;
  return ((const hr_sink *)(const void *)file)->allocated;
}

static herr_t set_eoa(H5FD_t *file, H5FD_mem_t type, haddr_t address) {
  (void)type;
  sink_of(file)->allocated = address;
  return 0;
}

static haddr_t get_eof(const H5FD_t *file, H5FD_mem_t type) {
  (void)type;
  return ((const hr_sink *)(const void *)file)->end;
}

static herr_t read_bytes(H5FD_t *file, H5FD_mem_t type, hid_t transfer, haddr_t address,
                         size_t size, void *buffer) {
  (void)type, (void)transfer;
  const hr_sink *sink = sink_of(file);
  unsigned char *bytes = buffer;
  while (size > 0) {
    ssize_t got = pread(sink->descriptor, bytes, size, (off_t)address);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return -1;
    if (got == 0) break;
    bytes += got, address += (haddr_t)got, size -= (size_t)got;
  }
  memset(bytes, 0, size); /* what lies behind the end reads as zero */
  return 0;
}

static herr_t write_bytes(H5FD_t *file, H5FD_mem_t type, hid_t transfer, haddr_t address,
                          size_t size, const void *buffer) {
  (void)type, (void)transfer;
  hr_sink *sink = sink_of(file);
  const unsigned char *bytes = buffer;
  while (size > 0 && !sink->error) {
    ssize_t put = pwrite(sink->descriptor, bytes, size, (off_t)address);
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) {
      sink->error = put < 0 ? errno : EIO;
      break;
    }
    bytes += put, address += (haddr_t)put, size -= (size_t)put;
    if (address > sink->end) sink->end = address;
  }
  return 0;
}

/* Makes the file as long as HDF5 says it is: it may end in bytes never written. */
static herr_t set_length(H5FD_t *file, hid_t transfer, hbool_t closing) {
  (void)transfer, (void)closing;
  hr_sink *sink = sink_of(file);
  if (sink->error || sink->allocated == sink->end) return 0;
  if (ftruncate(sink->descriptor, (off_t)sink->allocated) != 0) sink->error = errno;
  sink->end = sink->allocated;
  return 0;
}

static const H5FD_class_t driver = {
#if H5_VERSION_GE(1, 13, 0)
    .version = H5FD_CLASS_VERSION,
    .value = (H5FD_class_value_t)511, /* of the range that is free for anyone */
#endif
    .name = "headroom_sink",
    .maxaddr = (haddr_t)INT64_MAX,
    .fc_degree = H5F_CLOSE_STRONG,
    .fapl_size = sizeof(sink_info),
    .open = open_file,
    .close = close_file,
    .query = query,
    .get_eoa = get_eoa,
    .set_eoa = set_eoa,
    .get_eof = get_eof,
    .read = read_bytes,
    .write = write_bytes,
    .truncate = set_length,
    .fl_map = H5FD_FLMAP_DICHOTOMY,
};

hid_t hr_sink_create_file(hr_sink *sink, const char *path) {
  const sink_info info = {sink};
  hid_t file = H5I_INVALID_HID, access = H5Pcreate(H5P_FILE_ACCESS);
  sink->driver = H5FDregister(&driver);
  if (access >= 0 && sink->driver >= 0 &&
      H5Pset_driver(access, sink->driver, &info) >= 0) {
    file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, access);
  }
  hr_hdf5_release(&access);
  return file;
}
