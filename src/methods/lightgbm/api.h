/* LightGBM's C interface, as far as we need it, loaded when a study asks for it.
 *
 * The released header (4.6.0) is not valid C, and linking would keep the program from
 * starting where the library is not: so the prototypes stand here, as a table of pointers
 * that is filled from the shared library at run time. Names, order of arguments and the
 * numbers below are those of LightGBM 4 (include/LightGBM/c_api.h); every function
 * returns 0, or -1 with a sentence in last_error. */
#ifndef HR_METHODS_LIGHTGBM_API_H
#define HR_METHODS_LIGHTGBM_API_H

#include <stdint.h>

#include "core/error.h"

enum { HR_LGBM_FLOAT32 = 0, HR_LGBM_IMPORTANCE_GAIN = 1, HR_LGBM_ROW_MAJOR = 1 };

typedef struct hr_lightgbm_api {
  const char *(*last_error)(void);
  /* Boundaries of histogram bins from samples [columns][per_column]; the values are
   * reordered. */
  int (*dataset_create_from_sampled_column)(double **values, int **rows, int32_t columns,
                                            const int *per_column, int32_t sample_rows,
                                            int32_t local_rows, int64_t all_rows,
                                            const char *parameters, void **out);
  /* The dataset is finished by the push that brings its last row. */
  int (*dataset_push_rows)(void *dataset, const void *values, int type, int32_t rows,
                           int32_t columns, int32_t first_row);
  int (*dataset_set_feature_names)(void *dataset, const char **names, int count);
  /* Copies the columns of `source`, of as many rows, behind those of the dataset. */
  int (*dataset_add_features_from)(void *dataset, void *source);
  int (*dataset_set_field)(void *dataset, const char *name, const void *values, int count,
                           int type);
  int (*dataset_get_subset)(const void *dataset, const int32_t *rows, int32_t count,
                            const char *parameters, void **out);
  /* Values that a feature takes; 0 where it is not used. */
  int (*dataset_get_feature_num_bin)(void *dataset, int feature, int *out);
  int (*dataset_free)(void *dataset);
  int (*booster_create)(const void *train, const char *parameters, void **out);
  int (*booster_add_valid_data)(void *booster, const void *valid);
  int (*booster_update_one_iter)(void *booster, int *is_finished);
  /* data: 0 the training set, 1 the first validation set. */
  int (*booster_get_predict)(void *booster, int data, int64_t *count, double *out);
  int (*booster_save_model_to_string)(void *booster, int first_tree, int trees,
                                      int importance, int64_t room, int64_t *length,
                                      char *out);
  int (*booster_load_model_from_string)(const char *text, int *trees, void **out);
  int (*booster_predict_for_mat)(void *booster, const void *values, int type,
                                 int32_t rows, int32_t columns, int is_row_major,
                                 int predict_type, int first_tree, int trees,
                                 const char *parameters, int64_t *count, double *out);
  int (*booster_feature_importance)(void *booster, int trees, int importance,
                                    double *out);
  int (*booster_free)(void *booster);
} hr_lightgbm_api;

/* A loaded library. */
typedef struct hr_lightgbm_library {
  hr_lightgbm_api api;
  void *handle;
} hr_lightgbm_library;

/* Loads LightGBM: the one LIGHTGBM_ROOT names (a file or a folder) and no other where
 * that is set; else the first usable one of $CONDA_PREFIX/lib, the copy that was
 * installed or built with the program, and the system's. HR_ERR_MISSING with the reason
 * where there is none that can be used. */
hr_status hr_lightgbm_load(hr_lightgbm_library *out, hr_error *err) HR_MUST_CHECK;
void hr_lightgbm_unload(hr_lightgbm_library *library);

#endif
