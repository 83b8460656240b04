/* What a dataset is made of: shared by dataset.c, which opens the shards, and
 * dataset_labels.c, which knows their labels. */
#ifndef HR_DATA_DATASET_PARTS_H
#define HR_DATA_DATASET_PARTS_H

#include "data/frame.h"
#include "data/rest.h"
#include "data/shard.h"

/* A label column that the first shard has, or that a table gave. */
typedef struct hr_label_column {
  char *name;
  double *values;           /* [N]; NULL once a shard lacks it */
  size_t lacking;           /* the first shard without it, where values is NULL */
  int64_t *integers;        /* [N] NULL: not of integers in every shard */
  hr_precision *precisions; /* [file_count] */
  bool is_from_table;       /* integers are 0 where values are NaN */
} hr_label_column;

struct hr_dataset {
  hr_shard *shards;
  size_t shard_count;
  size_t rows;
  hr_label_column *labels; /* in the first frame's order */
  size_t label_count;
  hr_strings names;        /* of the labels that every shard has */
  size_t file_count;       /* a file of which no row is used is no shard any more */
  size_t *file_start;      /* [file_count + 1] rows of the files before each */
  int64_t **indices;       /* [file_count][rows that are used] or NULL */
  hr_frame_others *others; /* [file_count] columns that are no numbers */
  bool is_observed;        /* one file, to be predicted */
  hr_places places;        /* owned texts, which the shards borrow */
  hr_rest rest;            /* how rows are brought to rest, where velocity is there */
  double *velocity;        /* [N] km/s; NULL: they stay as they are */
};

/* Lists the names of the columns that every shard has anew. HR_ERR_MEMORY. */
hr_status hr_dataset_list_names(hr_dataset *dataset, hr_error *err) HR_MUST_CHECK;

/* The column of that name, or NULL. */
hr_label_column *hr_dataset_find_column(const hr_dataset *dataset, const char *name);

void hr_label_column_fini(hr_label_column *label);

#endif
