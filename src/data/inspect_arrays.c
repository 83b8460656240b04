/* Lists every dataset of a file with type, shape and storage, whether or not a study
 * would read it. */
#include <string.h>
#include <sys/stat.h>

#include "core/alloc.h"
#include "core/text.h"
#include "data/hdf5_file.h"
#include "data/inspect_parts.h"

/* "f64", "i32", "u8", "text of 16 bytes", "compound of 5"; byte order where it is not
 * ours.
 */
static void describe_type(hid_t type, hr_text *out) {
  size_t bits = 8 * H5Tget_size(type);
  const char *letter = NULL;
  switch (H5Tget_class(type)) {
    case H5T_FLOAT:
      letter = "f";
      break;
    case H5T_INTEGER:
      letter = H5Tget_sign(type) == H5T_SGN_NONE ? "u" : "i";
      break;
    case H5T_STRING:
      if (H5Tis_variable_str(type) > 0) {
        hr_text_append(out, "text");
      } else {
        hr_text_append(out, "text of %zu bytes", bits / 8);
      }
      return;
    case H5T_COMPOUND:
      hr_text_append(out, "compound of %d", H5Tget_nmembers(type));
      return;
    default:
      hr_text_append(out, "other");
      return;
  }
  bool foreign = bits > 8 && H5Tget_order(type) != H5Tget_order(H5T_NATIVE_INT);
  bool is_big = H5Tget_order(type) == H5T_ORDER_BE;
  hr_text_append(out, "%s%zu%s", letter, bits,
                 !foreign ? "" : (is_big ? " big-endian" : " little-endian"));
}

static void describe_numbers(int rank, const hsize_t *numbers, hr_text *out) {
  for (int i = 0; i < rank; i++) {
    hr_text_append(out, "%s%llu", i ? " x " : "", (unsigned long long)numbers[i]);
  }
}

static void describe_filters(hid_t creation, hr_text *out) {
  int count = H5Pget_nfilters(creation);
  for (int i = 0; i < count; i++) {
    char name[64] = "";
    unsigned flags = 0, config = 0;
    size_t values = 0;
    H5Z_filter_t filter = H5Pget_filter2(creation, (unsigned)i, &flags, &values, NULL,
                                         sizeof name, name, &config);
    const char *known = filter == H5Z_FILTER_DEFLATE ? "gzip" : name;
    hr_text_append(out, ", %s", known[0] ? known : "a filter");
  }
}

static void describe_storage(hid_t creation, hr_text *out) {
  hsize_t chunk[H5S_MAX_RANK] = {0};
  int rank = 0;
  switch (H5Pget_layout(creation)) {
    case H5D_CHUNKED:
      rank = H5Pget_chunk(creation, H5S_MAX_RANK, chunk);
      hr_text_append(out, "chunks of ");
      describe_numbers(rank, chunk, out);
      describe_filters(creation, out);
      return;
    case H5D_CONTIGUOUS:
      hr_text_append(out, H5Pget_external_count(creation) ? "external" : "contiguous");
      return;
    case H5D_COMPACT:
      hr_text_append(out, "compact");
      return;
    default:
      hr_text_append(out, "virtual");
      return;
  }
}

/* Moves the text out as a string of its own. */
static hr_status take_text(hr_text *text, char **out, hr_error *err) {
  hr_status status = hr_text_status(text, err);
  if (status == HR_OK) status = hr_copy_text(text->bytes ? text->bytes : "", out, err);
  hr_text_fini(text);
  hr_text_init(text);
  return status;
}

static hr_status describe_array(hid_t dataset, const char *path, hr_inspected_array *out,
                                hr_error *err) {
  hr_status status = HR_OK;
  hr_text text;
  hr_text_init(&text);
  hsize_t shape[H5S_MAX_RANK] = {0};
  hid_t type = H5Dget_type(dataset), space = H5I_INVALID_HID;
  hid_t creation = H5Dget_create_plist(dataset);
  bool is_virtual = H5Pget_layout(creation) == H5D_VIRTUAL;
  /* To know the shape of a virtual dataset HDF5 would open the files behind it. */
  if (!is_virtual) space = H5Dget_space(dataset);
  int rank = H5Sget_simple_extent_dims(space, shape, NULL);
  HR_TRY(hr_copy_text(path, &out->path, err));
  describe_type(type, &text);
  HR_TRY(take_text(&text, &out->type, err));
  if (rank <= 0) hr_text_append(&text, is_virtual ? "not looked at" : "scalar");
  describe_numbers(rank, shape, &text);
  HR_TRY(take_text(&text, &out->shape, err));
  describe_storage(creation, &text);
  HR_TRY(take_text(&text, &out->storage, err));
cleanup:
  hr_text_fini(&text);
  hr_hdf5_release(&creation);
  hr_hdf5_release(&space);
  hr_hdf5_release(&type);
  return status;
}

typedef struct visit_context {
  hr_inspection *inspection;
  hr_error *err;
  hr_status status;
} visit_context;

/* Names of PyTables' own helpers, e.g. the index tables under _i_table: not data. */
static bool is_internal(const char *name) {
  return strncmp(name, "_i_", 3) == 0 || strstr(name, "/_i_");
}

static hr_status add_array(visit_context *context, hid_t root, const char *name) {
  hr_status status = HR_OK;
  hr_inspection *inspection = context->inspection;
  hr_text path;
  hr_text_init(&path);
  hid_t dataset = H5Dopen2(root, name, H5P_DEFAULT);
  if (dataset < 0) {
    status = hr_hdf5_fail(context->err, HR_ERR_FORMAT, "%s: cannot open /%s",
                          inspection->path, name);
    goto cleanup;
  }
  hr_text_append(&path, "/%s", name);
  HR_TRY(hr_text_status(&path, context->err));
  HR_TRY(hr_realloc(&inspection->arrays, inspection->array_count,
                    inspection->array_count + 1, context->err));
  hr_inspected_array *array = &inspection->arrays[inspection->array_count++];
  HR_TRY(describe_array(dataset, path.bytes, array, context->err));
cleanup:
  hr_hdf5_release(&dataset);
  hr_text_fini(&path);
  return status;
}

/* HDF5 calls this for every object; 0 goes on, 1 stops. */
static herr_t visit(hid_t root, const char *name, const H5O_info_t *info, void *op_data) {
  enum { MOST_ARRAYS = 10000 };
  visit_context *context = op_data;
  if (info->type != H5O_TYPE_DATASET || is_internal(name)) return 0;
  context->status = add_array(context, root, name);
  return context->status != HR_OK || context->inspection->array_count >= MOST_ARRAYS;
}

hr_status hr_inspect_list_arrays(hr_inspection *inspection, hr_error *err) {
  hr_status status = HR_OK;
  hr_hdf5_file file = HR_HDF5_FILE_CLOSED;
  struct stat info = {0};
  visit_context context = {.inspection = inspection, .err = err, .status = HR_OK};
  HR_TRY(hr_hdf5_open(inspection->path, &file, err));
  if (stat(inspection->path, &info) == 0) inspection->file_bytes = (uint64_t)info.st_size;
  herr_t result =
      H5Ovisit2(file.id, H5_INDEX_NAME, H5_ITER_INC, visit, &context, H5O_INFO_BASIC);
  HR_TRY(context.status);
  if (result < 0) {
    status = hr_hdf5_fail(err, HR_ERR_FORMAT, "%s: cannot list what it holds",
                          inspection->path);
  }
cleanup:
  hr_hdf5_close(&file);
  return status;
}
