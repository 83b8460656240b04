/* A file is read to its end in a child process before this process trusts it
 * (data/guard.h). Limits grow with the file: what a sound one of that size needs,
 * generously, is known. */
#include "data/guard.h"

#include <hdf5.h>
#include <sys/stat.h>

#include "core/observe.h"
#include "data/stream.h"

typedef struct guarded {
  hr_child_work *work;
  const void *context;
} guarded;

/* A file names its filters, and HDF5 would look for code of that name. */
static hr_status work_without_plugins(const void *context, const hr_observer *observer,
                                      hr_text *answer, hr_error *err) {
  const guarded *g = context;
  H5PLset_loading_state(0);
  return g->work(g->context, observer, answer, err);
}

/* A sound file unpacks to little more than its size; a made-up one to a thousand times
 * that. At 100 MB/s, which gzip reaches, a MiB of file may unpack to a hundred. */
static hr_child_limits limits_of(const char *path) {
  struct stat info;
  double bytes = stat(path, &info) == 0 ? (double)info.st_size : 0;
  return (hr_child_limits){
      .memory_bytes = ((uint64_t)1 << 30) + 4 * (uint64_t)bytes,
      .silent_seconds = 4 + bytes / (16 << 20),
      .total_seconds = 8 + bytes / (1 << 20),
  };
}

hr_status hr_guard_file(const char *path, hr_child_work *work, const void *context,
                        const hr_observer *observer, hr_text *answer, hr_error *err) {
  const guarded inner = {.work = work, .context = context};
  hr_child child = {.work = work_without_plugins,
                    .context = &inner,
                    .observer = observer,
                    .limits = limits_of(path)};
  hr_child_end end = HR_CHILD_RETURNED;
  hr_error reason = {0};
  hr_status status = hr_child_run(&child, &end, answer, &reason);
  if (end == HR_CHILD_DIED) {
    return hr_fail(err, HR_ERR_FORMAT,
                   "%s damages the HDF5 library that reads it (%s); make it anew or get "
                   "it again",
                   path, reason.message);
  }
  if (end == HR_CHILD_TOO_LONG) {
    return hr_fail(err, HR_ERR_FORMAT,
                   "%s keeps the HDF5 library busy for longer than a sound file of its "
                   "size can; make it anew or get it again",
                   path);
  }
  if (status == HR_ERR_MEMORY) {
    return hr_fail(err, HR_ERR_FORMAT,
                   "%s takes more than the %llu MiB of memory that a sound file of its "
                   "size can; make it anew or get it again",
                   path, (unsigned long long)(child.limits.memory_bytes >> 20));
  }
  return status == HR_OK ? HR_OK : hr_fail(err, status, "%s", reason.message);
}

/* --- vetting --- */

typedef struct vetting {
  const char *path;
  const hr_vet_options *options;
} vetting;

static hr_status read_spectra(const hr_dataset *dataset, const hr_observer *observer,
                              hr_error *err) {
  hr_status status = HR_OK;
  hr_stream *stream = NULL;
  hr_block block = {0};
  hr_stream_options options = hr_stream_options_default();
  hr_progress progress = {
      .stage = "vetting spectra", .unit = "spectra", .total = hr_dataset_rows(dataset)};
  hr_conditioning masks = hr_conditioning_plain();
  masks.mask_bits = HR_MASK_ANY;
  options.conditioning = &masks;
  options.count_faults = true;
  if (hr_dataset_has_noisy(dataset)) options.noise.source = HR_NOISE_STORED;
  HR_TRY(hr_stream_create(dataset, &options, &stream, err));
  for (;;) {
    HR_TRY(hr_stream_next(stream, &block, err));
    if (block.rows == 0) break;
    progress.done += block.rows;
    progress.bytes = hr_stream_preparation(stream)->bytes_read;
    HR_TRY(hr_observe_progress(observer, &progress, err));
  }
cleanup:
  hr_stream_destroy(&stream);
  return status;
}

static hr_status vet(const void *context, const hr_observer *observer, hr_text *answer,
                     hr_error *err) {
  (void)answer;
  const vetting *v = context;
  hr_status status = HR_OK;
  hr_dataset *dataset = NULL;
  hr_strings paths = {0};
  HR_TRY(hr_strings_append(&paths, v->path, err));
  /* Without an observer: the study itself will tell of columns that are skipped. */
  HR_TRY(hr_dataset_open_at(&paths, v->options->labels, v->options->places, NULL,
                            &dataset, err));
  if (!v->options->skip_spectra) HR_TRY(read_spectra(dataset, observer, err));
cleanup:
  hr_dataset_destroy(&dataset);
  hr_strings_fini(&paths);
  return status;
}

hr_vet_options hr_vet_options_default(void) {
  return (hr_vet_options){.skip_spectra = false};
}

hr_status hr_vet_file(const char *path, const hr_vet_options *options,
                      const hr_observer *observer, hr_error *err) {
  const vetting context = {.path = path, .options = options};
  hr_text answer;
  hr_text_init(&answer);
  hr_status status = hr_guard_file(path, vet, &context, observer, &answer, err);
  hr_text_fini(&answer);
  return status;
}
