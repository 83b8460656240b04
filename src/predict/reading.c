/* One file, whichever layout it has. */
#include "predict/reading.h"

/* Rows of a survey's file at a time, as the stream has them of others: within the memory,
 * and in whole groups, so that the bytes of predictions are those of any other number. */
static size_t survey_rows(const hr_predict_plan *plan) {
  size_t pixels = hr_engine_describe(plan->engine)->pixels;
  size_t row = pixels * 2 * sizeof(float) + sizeof(hr_row_report);
  size_t rows = plan->stream.memory_bytes / row, multiple = plan->stream.block_multiple;
  if (rows > plan->stream.block_rows) rows = plan->stream.block_rows;
  return rows > multiple ? rows - rows % multiple : multiple;
}

hr_status hr_reading_open(const hr_predict_plan *plan, const char *path,
                          const hr_observer *observer, hr_reading *out, hr_error *err) {
  hr_status status = HR_OK;
  *out = (hr_reading){.rows = survey_rows(plan)};
  HR_TRY(hr_input_open(&plan->wish, path, NULL, &out->input, err));
  hr_stream_options options = plan->stream;
  options.observed = out->input.observed;
  HR_TRY(hr_input_bring_to_rest(&plan->wish, &options, &out->input, observer, err));
  if (out->input.dataset) {
    HR_TRY(hr_stream_create(out->input.dataset, &options, &out->stream, err));
  }
cleanup:
  return status;
}

void hr_reading_fini(hr_reading *reading) {
  hr_stream_destroy(&reading->stream);
  hr_input_fini(&reading->input);
}

hr_status hr_reading_next(hr_reading *reading, hr_block *block, hr_error *err) {
  hr_survey *survey = reading->input.survey;
  if (survey) return hr_survey_next(survey, reading->rows, block, err);
  return hr_stream_next(reading->stream, block, err);
}

hr_engine_rows hr_reading_rows(const hr_reading *reading, const hr_predict_plan *plan,
                               const hr_block *block,
                               hr_bin_column axes[HR_BUNDLE_MOST_AXES]) {
  const hr_input *input = &reading->input;
  size_t axis_count = hr_engine_describe(plan->engine)->axis_count;
  for (size_t a = 0; input->axes && a < axis_count; a++) {
    axes[a] = input->axes[a];
    axes[a].values += block->first_row;
  }
  return (hr_engine_rows){
      .spectra = {.first_row = block->first_row,
                  .rows = block->rows,
                  .pixels = block->pixels,
                  .noisy = block->noisy,
                  .error = block->error},
      .reports = input->survey ? hr_survey_reports(input->survey)
                               : hr_stream_reports(reading->stream),
      .labels = input->axes ? axes : NULL,
      .velocity = input->survey     ? hr_survey_velocity(input->survey)
                  : input->velocity ? input->velocity + block->first_row
                                    : NULL,
  };
}

void hr_reading_flag_few(const hr_reading *reading, size_t first, size_t rows,
                         hr_engine_result *result) {
  const hr_survey *survey = reading->input.survey;
  for (size_t i = 0; survey && i < rows; i++) {
    if (!hr_survey_few(survey)[first + i]) continue;
    result->flags[i] &= ~(uint32_t)HR_FLAG_BAD_SPECTRUM;
    result->flags[i] |= HR_FLAG_FEW_PIXELS;
  }
}
