/* The columns of a table of predictions, and its cells block by block. Internal to
 * predict/; documented in docs/formats.md, "Predictions". */
#ifndef HR_PREDICT_PREDICTION_TABLE_H
#define HR_PREDICT_PREDICTION_TABLE_H

#include "predict/input.h"
#include "predict/prediction_file.h"

typedef struct hr_prediction_table_plan {
  const hr_engine *engine; /* borrowed, as are these two */
  const hr_strings *keep;
  const bool *keep_is_whole; /* [keep->count] integers in every file */
  hr_prediction_file_format format;
  size_t file_bytes; /* of the longest name of a file */
} hr_prediction_table_plan;

enum {
  HR_TARGET_COLUMNS = 5, /* of each target: mean, sigma, half68, half95, gap */
  HR_FLAG_BYTES = 160,   /* of all flags in words */
};

typedef struct hr_prediction_table {
  const hr_engine *engine;
  size_t kept; /* columns that are carried along */
  const bool *keep_is_whole;
  bool has_words;                     /* the flags in words, too */
  bool is_star;                       /* a catalogue of stars: other columns */
  hr_strings names;                   /* [count] of the columns */
  hr_prediction_file_column *columns; /* [count] */
  hr_frame_cells *cells;              /* [count] of one block */
  size_t count;
  size_t block_rows;
  const char **file, **expert, **words; /* [block_rows] */
  char *expert_text; /* [block_rows][expert_bytes] what `expert` points to */
  size_t expert_bytes;
  char (*word)[HR_FLAG_BYTES];  /* [block_rows] what `words` points to */
  const char **states;          /* [targets][block_rows] words of the flags of a label */
  char (*state)[HR_FLAG_BYTES]; /* the same, what `states` points to */
  int64_t *row, *slot, *flags;  /* [block_rows] */
  double *numbers; /* [HR_TARGET_COLUMNS * targets][block_rows] target by target */
} hr_prediction_table;

/* Room for blocks of block_rows. Freed with hr_prediction_table_fini, on failure too. */
hr_status hr_prediction_table_init(const hr_prediction_table_plan *plan,
                                   size_t block_rows, hr_prediction_table *out,
                                   hr_error *err) HR_MUST_CHECK;
void hr_prediction_table_fini(hr_prediction_table *table);

/* Points the cells at a block of the input: rows first_row .. of the file `path`. */
void hr_prediction_table_fill(hr_prediction_table *table, const char *path,
                              const hr_input *input, size_t first_row, size_t rows,
                              const hr_engine_result *result);

/* The words of the flags, "outside_snr|masked"; "" for none. */
void hr_flags_describe(uint32_t flags, char words[HR_FLAG_BYTES]);

#endif
