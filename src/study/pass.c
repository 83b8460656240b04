/* The one loop over the blocks of a split. */
#include "study/pass.h"

#include "core/observe.h"

static void tell_bad(const hr_bad_files *files, const hr_observer *observer) {
  for (size_t i = 0; i < files->count; i++) {
    const hr_bad_file *file = &files->items[i];
    hr_observe_info(observer, "%s: %llu of %llu pixels are bad", file->path,
                    (unsigned long long)file->bad, (unsigned long long)file->pixels);
  }
}

enum { SAMPLE_BYTES = 64 << 20 }; /* of the stream that samples are read with */

static hr_stream_options options_of(const hr_pass *pass) {
  hr_stream_options options = hr_plan_stream(pass->plan, pass->training);
  options.measure_snr = !pass->sample;
  if (pass->sample) {
    options.runs = pass->sample->runs;
    options.run_rows = HR_SAMPLE_RUN;
    /* Runs are short: more room would only stand beside the samples. */
    if (options.memory_bytes > SAMPLE_BYTES) options.memory_bytes = SAMPLE_BYTES;
  }
  return options;
}

hr_status hr_pass_run(const hr_pass *pass, hr_preparation *preparation, hr_error *err) {
  hr_status status = HR_OK;
  hr_stream *stream = NULL;
  hr_block block = {0};
  const hr_dataset *dataset = pass->training ? pass->plan->train : pass->plan->test;
  const hr_observer *observer = pass->plan->view.observer;
  hr_stream_options options = options_of(pass);
  hr_progress progress = {
      .stage = pass->stage,
      .unit = "spectra",
      .total = pass->sample ? pass->sample->streamed : hr_dataset_rows(dataset)};
  HR_TRY(hr_stream_create(dataset, &options, &stream, err));
  HR_TRY(hr_observe_progress(observer, &progress, err)); /* the clock starts here */
  for (;;) {
    HR_TRY(hr_stream_next(stream, &block, err));
    if (block.rows == 0) break;
    HR_TRY(pass->visit(pass->context, &block, err));
    progress.done += block.rows;
    progress.bytes = hr_stream_preparation(stream)->bytes_read;
    HR_TRY(hr_observe_progress(observer, &progress, err));
  }
  if (preparation) {
    *preparation = *hr_stream_preparation(stream);
    HR_TRY(hr_stream_list_bad(stream, &preparation->bad_files, err));
    tell_bad(&preparation->bad_files, observer);
  }
cleanup:
  hr_stream_destroy(&stream);
  return status;
}
