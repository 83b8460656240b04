/* ONNX Runtime's C interface, as far as we need it, loaded when a study asks for it.
 *
 * Its header is in none of its packages for Python, and linking would keep the program
 * from starting where the library is not. The library hands out one table of functions
 * that only ever grows at its end (onnxruntime_c_api.h, "End of Version 1 - DO NOT MODIFY
 * ABOVE"); those below are of its first version, so that every 1.x has them in the same
 * places. Each returns NULL, or what failed. */
#ifndef HR_METHODS_OUTSIDE_ORT_API_H
#define HR_METHODS_OUTSIDE_ORT_API_H

#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

typedef struct hr_ort_status hr_ort_status; /* what failed */
typedef struct hr_ort_env hr_ort_env;
typedef struct hr_ort_options hr_ort_options;
typedef struct hr_ort_run_options hr_ort_run_options; /* of runs, to end them by */
typedef struct hr_ort_session hr_ort_session;         /* a model that is ready to run */
typedef struct hr_ort_memory hr_ort_memory;
typedef struct hr_ort_allocator hr_ort_allocator;
typedef struct hr_ort_type hr_ort_type;
typedef struct hr_ort_shape hr_ort_shape; /* of a tensor, and the type of its elements */
typedef struct hr_ort_value hr_ort_value;

enum { HR_ORT_FLOAT = 1, HR_ORT_DOUBLE = 11 }; /* elements, as in onnx.proto */
enum { HR_ORT_SILENT = 4 };                    /* logs what is fatal alone */
enum { HR_ORT_ARENA = 1, HR_ORT_DEFAULT_MEMORY = 0 };

typedef struct hr_ort_api {
  const char *(*error_message)(const hr_ort_status *failed);
  hr_ort_status *(*create_env)(int severity, const char *name, hr_ort_env **out);
  hr_ort_status *(*disable_telemetry)(const hr_ort_env *env);
  hr_ort_status *(*create_session)(const hr_ort_env *env, const char *path,
                                   const hr_ort_options *options, hr_ort_session **out);
  /* Any number of threads may run a session at a time. Outputs that are NULL are made. */
  hr_ort_status *(*run)(hr_ort_session *session, const hr_ort_run_options *options,
                        const char *const *input_names, const hr_ort_value *const *inputs,
                        size_t input_count, const char *const *output_names,
                        size_t output_count, hr_ort_value **outputs);
  hr_ort_status *(*create_options)(hr_ort_options **out);
  hr_ort_status *(*set_intra_op_threads)(hr_ort_options *options, int threads);
  hr_ort_status *(*set_inter_op_threads)(hr_ort_options *options, int threads);
  hr_ort_status *(*input_count)(const hr_ort_session *session, size_t *out);
  hr_ort_status *(*output_count)(const hr_ort_session *session, size_t *out);
  hr_ort_status *(*input_type)(const hr_ort_session *session, size_t i,
                               hr_ort_type **out);
  hr_ort_status *(*output_type)(const hr_ort_session *session, size_t i,
                                hr_ort_type **out);
  hr_ort_status *(*input_name)(const hr_ort_session *session, size_t i,
                               hr_ort_allocator *allocator, char **out);
  hr_ort_status *(*output_name)(const hr_ort_session *session, size_t i,
                                hr_ort_allocator *allocator, char **out);
  hr_ort_status *(*create_run_options)(hr_ort_run_options **out);
  /* Any thread may: runs that have these options end, after a layer, and fail. */
  hr_ort_status *(*terminate)(hr_ort_run_options *options);
  /* A tensor of the caller's values, which stay the caller's. */
  hr_ort_status *(*create_tensor)(const hr_ort_memory *memory, void *values, size_t bytes,
                                  const int64_t *shape, size_t dimensions, int element,
                                  hr_ort_value **out);
  hr_ort_status *(*tensor_values)(hr_ort_value *value, void **out);
  /* Borrowed; NULL where the type is not that of a tensor. */
  hr_ort_status *(*cast_to_shape)(const hr_ort_type *type, const hr_ort_shape **out);
  hr_ort_status *(*element)(const hr_ort_shape *shape, int *out);
  hr_ort_status *(*dimension_count)(const hr_ort_shape *shape, size_t *out);
  /* -1: any size. */
  hr_ort_status *(*dimensions)(const hr_ort_shape *shape, int64_t *out, size_t count);
  hr_ort_status *(*shape_of_value)(const hr_ort_value *value, hr_ort_shape **out);
  hr_ort_status *(*create_memory)(int allocator, int kind, hr_ort_memory **out);
  hr_ort_status *(*allocator_free)(hr_ort_allocator *allocator, void *bytes);
  hr_ort_status *(*default_allocator)(hr_ort_allocator **out); /* borrowed */
  void (*release_env)(hr_ort_env *env);
  void (*release_status)(hr_ort_status *failed);
  void (*release_memory)(hr_ort_memory *memory);
  void (*release_session)(hr_ort_session *session);
  void (*release_value)(hr_ort_value *value);
  void (*release_run_options)(hr_ort_run_options *options);
  void (*release_type)(hr_ort_type *type);
  void (*release_shape)(hr_ort_shape *shape);
  void (*release_options)(hr_ort_options *options);
} hr_ort_api;

/* A loaded library. */
typedef struct hr_ort_library {
  hr_ort_api api;
  const char *version; /* "1.32.0"; borrowed from it */
  void *handle;
} hr_ort_library;

/* Loads ONNX Runtime: the one ONNXRUNTIME_ROOT names (a file or a folder), or another as
 * hr_shared_library_open finds it. HR_ERR_MISSING with the reason where there is none
 * that can be used. */
hr_status hr_ort_load(hr_ort_library *out, hr_error *err) HR_MUST_CHECK;
void hr_ort_unload(hr_ort_library *library);

#endif
