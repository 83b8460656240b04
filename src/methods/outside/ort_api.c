/* Finding ONNX Runtime's shared library, and filling the table of its functions. */
#include "methods/outside/ort_api.h"

#include <dlfcn.h>
#include <string.h>

#include "methods/shared_library.h"

#define REMEDY "scripts/setup.sh installs 1.32.0, ONNXRUNTIME_ROOT names another copy"

/* What the one exported function returns. */
typedef struct api_base {
  const void *const *(*table)(uint32_t version); /* NULL: too new for the library */
  const char *(*version)(void);
} api_base;

/* Where a function is in the library's table, and in ours. */
typedef struct slot {
  size_t place;
  size_t offset; /* in hr_ort_api */
} slot;

#define SLOT(place, member) \
  { place, offsetof(hr_ort_api, member) }

static const slot slots[] = {
    SLOT(2, error_message),         /* GetErrorMessage */
    SLOT(3, create_env),            /* CreateEnv */
    SLOT(6, disable_telemetry),     /* DisableTelemetryEvents */
    SLOT(7, create_session),        /* CreateSession */
    SLOT(9, run),                   /* Run */
    SLOT(10, create_options),       /* CreateSessionOptions */
    SLOT(24, set_intra_op_threads), /* SetIntraOpNumThreads */
    SLOT(25, set_inter_op_threads), /* SetInterOpNumThreads */
    SLOT(30, input_count),          /* SessionGetInputCount */
    SLOT(31, output_count),         /* SessionGetOutputCount */
    SLOT(33, input_type),           /* SessionGetInputTypeInfo */
    SLOT(34, output_type),          /* SessionGetOutputTypeInfo */
    SLOT(36, input_name),           /* SessionGetInputName */
    SLOT(37, output_name),          /* SessionGetOutputName */
    SLOT(39, create_run_options),   /* CreateRunOptions */
    SLOT(46, terminate),            /* RunOptionsSetTerminate */
    SLOT(49, create_tensor),        /* CreateTensorWithDataAsOrtValue */
    SLOT(51, tensor_values),        /* GetTensorMutableData */
    SLOT(55, cast_to_shape),        /* CastTypeInfoToTensorInfo */
    SLOT(60, element),              /* GetTensorElementType */
    SLOT(61, dimension_count),      /* GetDimensionsCount */
    SLOT(62, dimensions),           /* GetDimensions */
    SLOT(65, shape_of_value),       /* GetTensorTypeAndShape */
    SLOT(69, create_memory),        /* CreateCpuMemoryInfo */
    SLOT(76, allocator_free),       /* AllocatorFree */
    SLOT(78, default_allocator),    /* GetAllocatorWithDefaultOptions */
    SLOT(92, release_env),          /* ReleaseEnv */
    SLOT(93, release_status),       /* ReleaseStatus */
    SLOT(94, release_memory),       /* ReleaseMemoryInfo */
    SLOT(95, release_session),      /* ReleaseSession */
    SLOT(96, release_value),        /* ReleaseValue */
    SLOT(97, release_run_options),  /* ReleaseRunOptions */
    SLOT(98, release_type),         /* ReleaseTypeInfo */
    SLOT(99, release_shape),        /* ReleaseTensorTypeAndShapeInfo */
    SLOT(100, release_options),     /* ReleaseSessionOptions */
};

_Static_assert(sizeof(hr_ort_api) ==
                   sizeof slots / sizeof slots[0] * sizeof(void (*)(void)),
               "every function has its place");

static hr_status accept(void *context, void *handle, const char *path, hr_error *err) {
  static const char entry[] = "OrtGetApiBase";
  hr_ort_library *library = context;
  const api_base *(*get_base)(void) = NULL;
  void *address = dlsym(handle, entry);
  if (!address) {
    return hr_fail(err, HR_ERR_MISSING, "%s is not ONNX Runtime: it lacks %s; " REMEDY,
                   path, entry);
  }
  /* ISO C has no cast from an object's address to a function's; POSIX says they are
   * alike. */
  memcpy(&get_base, &address, sizeof address);
  const api_base *base = get_base();
  const char *version = base ? base->version() : NULL;
  const void *const *table = base ? base->table(1) : NULL;
  if (!version || strncmp(version, "1.", 2) != 0 || !table) {
    return hr_fail(
        err, HR_ERR_MISSING,
        "%s is ONNX Runtime of another version than 1 (it says '%.20s'); " REMEDY, path,
        version ? version : "");
  }
  for (size_t i = 0; i < sizeof slots / sizeof slots[0]; i++) {
    memcpy((char *)&library->api + slots[i].offset, &table[slots[i].place],
           sizeof table[0]);
  }
  library->version = version;
  return HR_OK;
}

static const hr_shared_library place = {.name = "ONNX Runtime",
                                        .remedy = REMEDY,
                                        .variable = "ONNXRUNTIME_ROOT",
                                        .file = "libonnxruntime.so.1",
                                        .wheel = "onnxruntime/capi",
                                        .package = "onnxruntime",
                                        .libdir = HR_ONNX_LIBDIR,
                                        .installed = HR_ONNX_INSTALLED,
                                        .built = HR_ONNX_BUILT};

hr_status hr_ort_load(hr_ort_library *out, hr_error *err) {
  *out = (hr_ort_library){.handle = NULL};
#if HR_ONNX
  void *handle = NULL;
  hr_status status = hr_shared_library_open(&place, accept, out, &handle, err);
  if (status != HR_OK) *out = (hr_ort_library){.handle = NULL};
  out->handle = handle;
  return status;
#else
  (void)place, (void)accept;
  return hr_fail(err, HR_ERR_MISSING,
                 "this program was built without ONNX Runtime (HR_ONNX=OFF)");
#endif
}

void hr_ort_unload(hr_ort_library *library) {
  if (library->handle) dlclose(library->handle);
  *library = (hr_ort_library){.handle = NULL};
}
