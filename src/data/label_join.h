/* Labels out of tables, joined to the rows of a dataset: by what names a star, by the
 * number of a row, or line by line. */
#ifndef HR_DATA_LABEL_JOIN_H
#define HR_DATA_LABEL_JOIN_H

#include "data/dataset.h"

/* What is wanted; everything is borrowed. */
typedef struct hr_label_wish {
  const char *set;          /* "training" or "test", for messages */
  const hr_strings *tables; /* data/table_name.h */
  /* What names a star: a label of the dataset or, with a '/' before it, an array of one
   * dimension in every shard; NULL: nothing. Tables have it under the same name, an array
   * under the last part of its path. */
  const char *id;
  const hr_strings *labels; /* that are taken where the tables have them */
  /* What tables may call them in place of that, pair by pair: label and column. */
  const hr_strings *renamed, *columns;
} hr_label_wish;

/* What was taken. */
typedef struct hr_label_taken {
  hr_strings labels; /* those of the wish that the tables have */
  hr_strings names;  /* of all columns of the first table */
  size_t without;    /* rows that have no line in the tables */
} hr_label_taken;

/* Gives the rows the labels of the wish that the tables have (hr_dataset_put_label), and
 * an array of names under its path; a row without a line in them has NaN. With an id
 * every line is for the rows of that name, and no two lines may have it. Without one, a
 * table for the whole set or one for every file of it, in this order: by the column
 * `row`, the number in the set or the file from 0, or where there is none line by line,
 * of which there must be as many as rows. HR_ERR_MISSING, HR_ERR_FORMAT, HR_ERR_DATA,
 * naming table and row; the dataset is of no use then. Freed with hr_label_taken_fini, on
 * failure too. */
hr_status hr_label_join(hr_dataset *dataset, const hr_label_wish *wish,
                        const hr_observer *observer, hr_label_taken *out,
                        hr_error *err) HR_MUST_CHECK;
void hr_label_taken_fini(hr_label_taken *taken);

#endif
