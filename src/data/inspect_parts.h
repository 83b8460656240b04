/* The parts of hr_inspect, one file each: inspect.c looks at the data, inspect_arrays.c
 * lists what an HDF5 file holds, inspect_survey.c looks at a survey's file,
 * inspect_text.c and inspect_json.c write the report. */
#ifndef HR_DATA_INSPECT_PARTS_H
#define HR_DATA_INSPECT_PARTS_H

#include "core/text.h"
#include "data/dataset.h"
#include "headroom/inspect.h"

/* As hr_inspect_array and hr_inspect_label, with texts that are owned. */
typedef struct hr_inspected_array {
  char *path, *type, *shape, *storage;
} hr_inspected_array;

typedef struct hr_inspected_label {
  char *name;
  double minimum, maximum;
  uint64_t unusable;
} hr_inspected_label;

/* What is known of a problem that is a doubt (data/doubts.h). */
typedef struct hr_inspected_doubt {
  const char *code; /* of data.allow; NULL: it is none */
  bool refuses;     /* a study refuses that unless data.allow names it */
} hr_inspected_doubt;

/* Of a file of a survey (data/fits/spectra.h); everything is owned. */
typedef struct hr_inspected_survey {
  char *layout, *waves, *unit, *masking; /* as hr_fits_spectra_info has them */
  char *ids, *columns;                   /* "catId, objId" */
  bool is_shared, has_errors;
  size_t looked_at;  /* spectra, of whose pixels */
  double good_share; /* are good */
} hr_inspected_survey;

void hr_inspected_survey_destroy(hr_inspected_survey **survey);

enum { HR_INSPECT_BINS = 9 };

/* The names of the study's bins, for orientation. */
extern const char *const hr_inspect_bin_names[HR_INSPECT_BINS];

/* Members as in hr_inspect_info. Everything is owned. */
struct hr_inspection {
  char *path;
  uint64_t file_bytes;
  hr_inspected_array *arrays; /* [array_count], in order of path */
  size_t array_count;
  bool is_usable, is_dataset;
  uint64_t rows, pixels;
  double first_wave_angstrom, last_wave_angstrom;
  hr_inspected_label *labels; /* [label_count] */
  size_t label_count;
  hr_inspect_distribution snr;
  bool has_bins;
  uint64_t bin_rows[HR_INSPECT_BINS];
  uint64_t uncovered_rows;
  bool spectra_read;
  uint64_t clipped_pixels, filled_error_pixels, nonpositive_error_pixels;
  uint64_t dark_rows, faulty_rows;
  char **problems;                   /* [problem_count] sentences */
  struct hr_inspected_doubt *doubts; /* [problem_count]; NULL: nothing is known of them */
  size_t problem_count;
  hr_inspected_survey *survey; /* NULL: it is no such file */
  char *text;
};

/* The options with defaults for what the caller's struct does not reach. HR_ERR_USAGE for
 * a size that no version has had. */
hr_status hr_inspect_take_options(const hr_inspect_options *given,
                                  hr_inspect_options *out, hr_error *err) HR_MUST_CHECK;

/* Adds a problem; takes the text, which is left empty. */
hr_status hr_inspect_add_problem(hr_inspection *inspection, hr_text *sentence,
                                 hr_error *err) HR_MUST_CHECK;

/* Adds what the file gives to doubt (data/doubts.h), its spectra unless options say to
 * skip them. */
hr_status hr_inspect_doubt(const hr_dataset *dataset, const hr_inspect_options *options,
                           hr_inspection *inspection, hr_error *err) HR_MUST_CHECK;

/* Fills arrays, array_count and file_bytes. */
hr_status hr_inspect_list_arrays(hr_inspection *inspection, hr_error *err) HR_MUST_CHECK;

/* Fills survey, rows, pixels, wavelengths and file_bytes of a FITS file. Statuses of
 * hr_fits_spectra_open and hr_fits_spectra_read. */
hr_status hr_inspect_survey(hr_inspection *inspection, hr_error *err) HR_MUST_CHECK;

/* Fills text from everything else. */
hr_status hr_inspect_write_text(hr_inspection *inspection, hr_error *err) HR_MUST_CHECK;

/* The same as one JSON object, schema headroom/inspection/1 (docs/formats.md). */
hr_status hr_inspect_write_json(hr_inspection *inspection, hr_error *err) HR_MUST_CHECK;

#endif
