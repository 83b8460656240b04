/* The scale-offset filter of floating-point numbers (H5Zscaleoffset.c of HDF5): values
 * are multiplied by 10^D, rounded to integers and kept as their distance from the
 * smallest of the chunk. One integer stands for the fill value, and with it all that lies
 * nearer to that than 10^-D; 0 is the fill value unless the writer named another. NaN is
 * no number that can be rounded to an integer: it comes back as one of the others. */
#include "data/rounding.h"

#include <math.h>

/* Where the filter keeps its parameters. */
enum { SCALE_TYPE = 0, SCALE_FACTOR = 1, MOST_PARAMETERS = 20 };

static hr_rounding read_fill(hid_t creation, double step) {
  hr_rounding rounding = {.step = step};
  H5D_fill_value_t defined = H5D_FILL_VALUE_UNDEFINED;
  rounding.has_fill = H5Pfill_value_defined(creation, &defined) >= 0 &&
                      defined != H5D_FILL_VALUE_UNDEFINED &&
                      H5Pget_fill_value(creation, H5T_NATIVE_DOUBLE, &rounding.fill) >= 0;
  return rounding;
}

hr_rounding hr_rounding_find(hid_t dataset) {
  hr_rounding rounding = {.step = 0};
  hid_t creation = H5Dget_create_plist(dataset);
  int count = creation < 0 ? 0 : H5Pget_nfilters(creation);
  for (int i = 0; i < count; i++) {
    unsigned flags = 0, parameters[MOST_PARAMETERS] = {0};
    size_t found = MOST_PARAMETERS;
    H5Z_filter_t filter =
        H5Pget_filter2(creation, (unsigned)i, &flags, &found, parameters, 0, NULL, NULL);
    if (filter != H5Z_FILTER_SCALEOFFSET) continue;
    if (parameters[SCALE_TYPE] != H5Z_SO_FLOAT_DSCALE) continue;
    rounding = read_fill(creation, pow(10, -(double)(int)parameters[SCALE_FACTOR]));
  }
  hr_hdf5_release(&creation);
  return rounding;
}

void hr_rounding_describe(const hr_rounding *rounding, const char *file,
                          const char *object_path, bool chinese, hr_text *out) {
  hr_text_append(out,
                 chinese ? "%s：%s 以 HDF5 的 scale-offset 过滤器有损存储：步长为 %g"
                         : "%s: %s is stored with HDF5's scale-offset filter, which is "
                           "lossy: it has steps of %g",
                 file, object_path, rounding->step);
  if (rounding->has_fill) {
    hr_text_append(out,
                   chinese ? "，与 %g 相差不到一步的值读作 %g"
                           : ", what lies within a step of %g reads as %g",
                   rounding->fill, rounding->fill);
  }
  hr_text_append(out, "%s",
                 chinese ? "，NaN 读作某个数；请不用该过滤器重新写入，或保留更多位数"
                         : ", and NaN reads as some number; write it without this "
                           "filter, or with more digits");
}
