/* One picture, and a file a format. */
#include "report/drawing.h"

#include "core/file.h"

static hr_status write_file(const hr_drawing *drawing, const char *folder,
                            const char *suffix, const void *bytes, size_t count,
                            hr_error *err) {
  hr_text name;
  hr_text_init(&name);
  hr_text_append(&name, "%s%s", drawing->name, suffix);
  hr_status status = hr_text_status(&name, err);
  if (status == HR_OK) status = hr_file_write_in(folder, name.bytes, bytes, count, err);
  hr_text_fini(&name);
  return status;
}

/* PNG first: SVG and PDF end the drawing. */
static hr_status write_pictures(const hr_drawing *drawing, hr_canvas *canvas,
                                const char *folder, hr_error *err) {
  static const struct {
    const char *suffix;
    hr_status (*make)(hr_canvas *canvas, hr_bytes *bytes, hr_error *err);
  } formats[] = {{".png", hr_canvas_write_png},
                 {".svg", hr_canvas_write_svg},
                 {".pdf", hr_canvas_write_pdf}};
  hr_status status = HR_OK;
  for (size_t f = 0; f < sizeof formats / sizeof *formats && status == HR_OK; f++) {
    hr_bytes bytes = {0};
    status = formats[f].make(canvas, &bytes, err);
    if (status == HR_OK) {
      status =
          write_file(drawing, folder, formats[f].suffix, bytes.items, bytes.count, err);
    }
    hr_bytes_fini(&bytes);
  }
  return status;
}

hr_status hr_drawing_write(const hr_drawing *drawing, const char *folder, hr_error *err) {
  hr_status status = HR_OK;
  hr_canvas *canvas = NULL;
  hr_text csv;
  hr_text_init(&csv);
  HR_TRY(hr_make_folders(folder, err));
  HR_TRY(hr_canvas_create_high(drawing->height, &canvas, err));
  HR_TRY(drawing->draw(drawing->context, canvas, &csv, err));
  HR_TRY(hr_text_status(&csv, err));
  HR_TRY(write_file(drawing, folder, ".csv", csv.bytes, csv.length, err));
  HR_TRY(write_pictures(drawing, canvas, folder, err));
cleanup:
  hr_canvas_destroy(&canvas);
  hr_text_fini(&csv);
  return status;
}
