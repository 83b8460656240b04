// What Python sees of the C library: each function checks its arrays, lets go of the
// interpreter, calls one function of include/headroom, and raises what that says. Names,
// tables and words are made in Python (headroom/*.py).
#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <exception>
#include <memory>
#include <string>
#include <vector>

#include <omp.h>

#include "headroom/compare.h"
#include "headroom/library.h"
#include "headroom/model.h"
#include "headroom/report.h"
#include "headroom/results.h"
#include "headroom/simulate.h"
#include "headroom/spectra.h"
#include "headroom/spectra_writer.h"
#include "headroom/study.h"
#include "headroom/survey_file.h"
#include "headroom/sweep.h"

namespace nb = nanobind;

namespace {

// Raises the exception of headroom/_errors.py that stands for the status.
[[noreturn]] void raise(const char *status, const char *message) {
  nb::object error =
      nb::module_::import_("headroom._errors").attr("of_status")(status, message);
  PyErr_SetObject(reinterpret_cast<PyObject *>(Py_TYPE(error.ptr())), error.ptr());
  throw nb::python_error();
}

void check(hr_status status, const hr_error &err) {
  if (status != HR_OK) raise(hr_status_name(status), err.message);
}

const char *text_or_null(const nb::object &text, std::string &place) {
  if (text.is_none()) return nullptr;
  place = nb::cast<std::string>(text);
  return place.c_str();
}

// An array that the caller keeps, or none; `format` is that of the struct module.
class Array {
 public:
  Array(const nb::object &array, const char *name, const char *format, bool writable,
        Py_ssize_t count)
      : Array(array, name, writable) {
    if (!view_.obj) return;
    if (!is_of(format) || view_.ndim < 1 || !PyBuffer_IsContiguous(&view_, 'C') ||
        view_.len != count * view_.itemsize)
      refuse(name);
  }

  // Spectra: [rows][pixels] fp32 or fp64, pixels next to each other.
  Array(const nb::object &array, const char *name, Py_ssize_t rows, Py_ssize_t pixels)
      : Array(array, name, false) {
    if (!view_.obj) return;
    bool fits = (is_of("f") || is_of("d")) && view_.ndim == 2 && view_.shape[0] == rows &&
                view_.shape[1] == pixels && (view_.strides[0] > 0 || rows < 2) &&
                (view_.strides[1] == view_.itemsize || pixels == 1);
    if (!fits) refuse(name);
  }

  Array(const Array &) = delete;
  ~Array() {
    if (view_.obj) PyBuffer_Release(&view_);
  }

  template <typename T>
  T *data() const {
    return static_cast<T *>(view_.obj ? view_.buf : nullptr);
  }
  bool is_fp64() const { return view_.obj && is_of("d"); }
  size_t stride() const { return view_.obj ? static_cast<size_t>(view_.strides[0]) : 0; }

 private:
  Array(const nb::object &array, const char *name, bool writable) {
    if (array.is_none()) return;
    int flags = PyBUF_STRIDES | PyBUF_FORMAT | (writable ? PyBUF_WRITABLE : 0);
    if (PyObject_GetBuffer(array.ptr(), &view_, flags) != 0) {
      PyErr_Clear();
      refuse(name);
    }
  }

  bool is_of(const char *format) const {
    return view_.format && std::string(view_.format) == format;
  }

  // Python has made the array fit: one that does not is a slip of ours.
  [[noreturn]] void refuse(const char *name) {
    std::string message = std::string("array '") + name + "' is not as the library needs it";
    if (view_.obj) PyBuffer_Release(&view_);
    raise("HR_ERR_INTERNAL", message.c_str());
  }

  Py_buffer view_ = {};
};

// The observer of a call, which hands on to Python. What a function of Python raises, and
// Ctrl-C, end the work at its next look and are raised once it has ended.
class Watch {
 public:
  Watch(nb::object log, nb::object progress)
      : log_(std::move(log)), progress_(std::move(progress)) {}

  hr_observer observer() { return {this, log, progress, interrupted}; }

  void check(hr_status status, const hr_error &err) const {
    if (raised_) std::rethrow_exception(raised_);
    ::check(status, err);
  }

 private:
  template <typename Call>
  void ask(Call call) {
    nb::gil_scoped_acquire held;
    if (raised_) return;
    try {
      call();
    } catch (...) {
      raised_ = std::current_exception();
    }
  }

  static void log(void *context, hr_log_level level, const char *line) {
    auto *self = static_cast<Watch *>(context);
    self->ask([&] {
      if (!self->log_.is_none()) self->log_(level == HR_LOG_WARNING, line);
    });
  }

  static void progress(void *context, const hr_progress *p) {
    auto *self = static_cast<Watch *>(context);
    self->ask([&] {
      if (!self->progress_.is_none())
        self->progress_(p->stage, p->unit, p->done, p->total, p->skipped, p->bytes);
    });
  }

  static bool interrupted(void *context) {
    auto *self = static_cast<Watch *>(context);
    self->ask([] {
      if (PyErr_CheckSignals() != 0) throw nb::python_error();
    });
    return static_cast<bool>(self->raised_);
  }

  nb::object log_, progress_;
  std::exception_ptr raised_;
};

std::vector<std::string> texts(const char *const *items, size_t count) {
  return std::vector<std::string>(items, items + count);
}

std::vector<double> numbers(const double *items, size_t count) {
  return std::vector<double>(items, items + count);
}

class Predictor {
 public:
  Predictor(const std::string &path, const nb::object &router, const nb::object &expert) {
    hr_error err = {};
    hr_status status = HR_OK;
    std::string router_text, expert_text;
    hr_model_options options = hr_model_options_default();
    options.router = text_or_null(router, router_text);
    options.expert = text_or_null(expert, expert_text);
    {
      nb::gil_scoped_release free;
      status = hr_model_open(path.c_str(), &options, &predictor_, &err);
    }
    check(status, err);
  }
  Predictor(const Predictor &) = delete;
  ~Predictor() { hr_model_close(&predictor_); }

  nb::dict info() const {
    hr_model_info i = get_info();
    nb::dict out;
    out["study"] = i.study;
    out["wave"] = numbers(i.wave_angstrom, i.pixels);
    out["targets"] = texts(i.target_names, i.targets);
    out["units"] = texts(i.target_units, i.targets);
    out["train_minimum"] = numbers(i.train_minimum, i.targets);
    out["train_maximum"] = numbers(i.train_maximum, i.targets);
    out["snr_minimum"] = i.snr_minimum;
    out["snr_maximum"] = i.snr_maximum;
    out["bins"] = texts(i.bin_names, i.bins);
    out["axes"] = texts(i.axis_labels, i.axes);
    out["needs_labels"] = i.needs_labels;
    out["needs_error"] = i.needs_error;
    return out;
  }

  // `out`: arrays by name, of which any may be missing.
  void predict(Py_ssize_t rows, const nb::object &flux, const nb::object &error,
               const nb::object &labels, const nb::object &slots,
               const nb::dict &out) const {
    hr_model_info i = get_info();
    auto pixels = static_cast<Py_ssize_t>(i.pixels);
    Py_ssize_t values = rows * static_cast<Py_ssize_t>(i.targets);
    Array f(flux, "flux", rows, pixels), e(error, "error", rows, pixels);
    Array l(labels, "labels", "d", false, rows * static_cast<Py_ssize_t>(i.axes));
    Array s(slots, "slots", "i", false, rows);
    auto of = [&](const char *name) {
      return out.contains(name) ? nb::object(out[name]) : nb::none();
    };
    Array mean(of("mean"), "mean", "d", true, values);
    Array sigma(of("sigma"), "sigma", "d", true, values);
    Array half68(of("half68"), "half68", "d", true, values);
    Array half95(of("half95"), "half95", "d", true, values);
    Array gap(of("gap"), "gap", "d", true, values);
    Array slot(of("slot"), "slot", "i", true, rows);
    Array snr(of("snr"), "snr", "d", true, rows);
    Array masked(of("masked_fraction"), "masked_fraction", "d", true, rows);
    Array chi2(of("chi2"), "chi2", "d", true, rows);
    Array effective(of("effective"), "effective", "d", true, rows);
    Array flags(of("flags"), "flags", "I", true, rows);
    hr_model_input input = hr_model_input_default();
    input.rows = static_cast<size_t>(rows);
    input.flux = f.data<void>();
    input.error = e.data<void>();
    input.dtype = f.is_fp64() ? HR_FLOAT64 : HR_FLOAT32;
    input.flux_stride_bytes = f.stride();
    input.error_stride_bytes = e.stride();
    input.labels = l.data<double>();
    input.slots = s.data<int32_t>();
    hr_model_output output = hr_model_output_default();
    output.mean = mean.data<double>();
    output.sigma = sigma.data<double>();
    output.half68 = half68.data<double>();
    output.half95 = half95.data<double>();
    output.gap = gap.data<double>();
    output.slot = slot.data<int32_t>();
    output.snr = snr.data<double>();
    output.masked = masked.data<double>();
    output.chi2 = chi2.data<double>();
    output.effective = effective.data<double>();
    output.flags = flags.data<uint32_t>();
    hr_error err = {};
    hr_status status = HR_OK;
    {
      nb::gil_scoped_release free;
      status = hr_model_predict(predictor_, &input, &output, &err);
    }
    check(status, err);
  }

 private:
  hr_model_info get_info() const {
    hr_error err = {};
    hr_model_info i = {};
    i.size = sizeof i;
    check(hr_model_info_get(predictor_, &i, &err), err);
    return i;
  }

  hr_predictor *predictor_ = nullptr;
};

class Reader {
 public:
  Reader(const std::vector<std::string> &paths, uint64_t block_rows, bool untrusted,
         nb::object log) {
    hr_error err = {};
    hr_status status = HR_OK;
    std::vector<const char *> names;
    for (const std::string &path : paths) names.push_back(path.c_str());
    Watch watch(std::move(log), nb::none());
    hr_observer observer = watch.observer();
    hr_spectra_options options = hr_spectra_options_default();
    options.block_rows = block_rows;
    options.untrusted = untrusted;
    options.observer = &observer;
    {
      nb::gil_scoped_release free;
      status = hr_spectra_open(names.data(), names.size(), &options, &reader_, &err);
    }
    watch.check(status, err);
  }
  Reader(const Reader &) = delete;
  ~Reader() { hr_spectra_close(&reader_); }

  nb::dict info() const {
    hr_spectra_info i = get_info();
    nb::dict out;
    out["rows"] = i.rows;
    out["wave"] = numbers(i.wave_angstrom, i.pixels);
    out["has_noisy"] = i.has_noisy;
    out["labels"] = texts(i.labels, i.label_count);
    return out;
  }

  void label(const std::string &name, const nb::object &out) const {
    hr_error err = {};
    const double *values = nullptr;
    size_t rows = get_info().rows;
    Array to(out, "label", "d", true, static_cast<Py_ssize_t>(rows));
    check(hr_spectra_label(reader_, name.c_str(), &values, &err), err);
    std::copy(values, values + rows, to.data<double>());
  }

  // The same of whole numbers; false, and nothing written, where it has others.
  bool label_whole(const std::string &name, const nb::object &out) const {
    hr_error err = {};
    const int64_t *values = nullptr;
    size_t rows = get_info().rows;
    Array to(out, "label", "l", true, static_cast<Py_ssize_t>(rows));
    check(hr_spectra_label_whole(reader_, name.c_str(), &values, &err), err);
    if (values) std::copy(values, values + rows, to.data<int64_t>());
    return values != nullptr;
  }

  // Reads the next block into rows `at` and on of arrays of `rows` rows; says how many it
  // has, 0 at the end, without touching the arrays where there is no room for them.
  uint64_t next(uint64_t at, uint64_t rows, const nb::object &flux,
                const nb::object &error, const nb::object &noisy) {
    hr_error err = {};
    hr_status status = HR_OK;
    size_t pixels = get_info().pixels;
    auto values = static_cast<Py_ssize_t>(rows * pixels);
    Array f(flux, "flux", "f", true, values), e(error, "error", "f", true, values);
    Array n(noisy, "noisy", "f", true, values);
    hr_spectra_block block = {};
    block.size = sizeof block;
    {
      nb::gil_scoped_release free;
      status = hr_spectra_next(reader_, &block, &err);
      if (status == HR_OK && at + block.rows <= rows) {
        copy(block.flux, block.rows * pixels, f.data<float>(), at * pixels);
        copy(block.error, block.rows * pixels, e.data<float>(), at * pixels);
        copy(block.noisy, block.rows * pixels, n.data<float>(), at * pixels);
      }
    }
    check(status, err);
    return block.rows;
  }

 private:
  static void copy(const float *from, size_t count, float *to, size_t at) {
    if (from && to) std::copy(from, from + count, to + at);
  }

  hr_spectra_info get_info() const {
    hr_error err = {};
    hr_spectra_info i = {};
    i.size = sizeof i;
    check(hr_spectra_get_info(reader_, &i, &err), err);
    return i;
  }

  hr_spectra_reader *reader_ = nullptr;
};

// A FITS file of a survey. CFITSIO is not to be used by two threads at once, so that the
// interpreter is held.
class SurveyFile {
 public:
  SurveyFile(const std::string &path, const nb::object &mask_bits) {
    hr_error err = {};
    std::string bits;
    const char *chosen = text_or_null(mask_bits, bits);
    check(hr_survey_file_open(path.c_str(), chosen, &file_, &err), err);
  }
  SurveyFile(const SurveyFile &) = delete;
  ~SurveyFile() { hr_survey_file_close(&file_); }

  nb::dict info() const {
    hr_survey_file_info i = get_info();
    nb::dict out;
    out["layout"] = i.layout;
    out["objects"] = i.objects;
    out["pixels"] = i.pixels;
    out["is_shared"] = i.is_shared;
    out["is_calibrated"] = i.is_calibrated;
    out["ids"] = texts(i.ids, i.id_count);
    out["columns"] = texts(i.columns, i.column_count);
    return out;
  }

  // Fills the beginning of arrays of as many pixels as the longest spectrum has; mask: 1
  // where a pixel is bad.
  void read(uint64_t object, const nb::object &wave, const nb::object &flux,
            const nb::object &error, const nb::object &mask) {
    hr_error err = {};
    auto pixels = static_cast<Py_ssize_t>(get_info().pixels);
    Array w(wave, "wave", "d", true, pixels), f(flux, "flux", "f", true, pixels);
    Array e(error, "error", "f", true, pixels), m(mask, "mask", "B", true, pixels);
    hr_survey_file_spectrum star = {};
    star.size = sizeof star;
    check(hr_survey_file_read(file_, object, &star, &err), err);
    for (size_t p = 0; p < std::min<uint64_t>(star.pixels, pixels); p++) {
      w.data<double>()[p] = star.wave_angstrom[p];
      f.data<float>()[p] = static_cast<float>(star.flux[p]);
      e.data<float>()[p] = static_cast<float>(star.error[p]);
      m.data<unsigned char>()[p] = star.good[p] ? 0 : 1;
    }
  }

  // A column; whether it is of whole numbers, without which `whole` is not written.
  bool column(const std::string &name, const nb::object &values, const nb::object &whole) {
    hr_error err = {};
    const double *numbers = nullptr;
    const int64_t *integers = nullptr;
    auto rows = static_cast<Py_ssize_t>(get_info().objects);
    Array v(values, "values", "d", true, rows), n(whole, "whole", "l", true, rows);
    check(hr_survey_file_column(file_, name.c_str(), &numbers, &integers, &err), err);
    std::copy(numbers, numbers + rows, v.data<double>());
    if (integers) std::copy(integers, integers + rows, n.data<int64_t>());
    return integers != nullptr;
  }

 private:
  hr_survey_file_info get_info() const {
    hr_error err = {};
    hr_survey_file_info i = {};
    i.size = sizeof i;
    check(hr_survey_file_get_info(file_, &i, &err), err);
    return i;
  }

  hr_survey_file *file_ = nullptr;
};

// A file of spectra that is being written.
class Writer {
 public:
  // given: rows, has_noisy, is_fp64, replace; wave [P] fp64; names and whether each label
  // is of integers.
  Writer(const std::string &path, const nb::dict &given) {
    hr_error err = {};
    hr_status status = HR_OK;
    auto wave = nb::cast<std::vector<double>>(given["wave"]);
    auto names = nb::cast<std::vector<std::string>>(given["labels"]);
    integers_ = nb::cast<std::vector<bool>>(given["integers"]);
    std::vector<const char *> texts;
    for (const std::string &name : names) texts.push_back(name.c_str());
    // std::vector<bool> has no array of bool.
    std::unique_ptr<bool[]> integers(new bool[integers_.size() + 1]());
    std::copy(integers_.begin(), integers_.end(), integers.get());
    hr_spectra_writer_options options = hr_spectra_writer_options_default();
    options.rows = nb::cast<uint64_t>(given["rows"]);
    options.pixels = pixels_ = wave.size();
    options.wave_angstrom = wave.data();
    is_fp64_ = nb::cast<bool>(given["is_fp64"]);
    options.dtype = is_fp64_ ? HR_FLOAT64 : HR_FLOAT32;
    options.has_noisy = nb::cast<bool>(given["has_noisy"]);
    options.labels = texts.data();
    options.label_count = texts.size();
    options.is_integer = integers.get();
    options.replace = nb::cast<bool>(given["replace"]);
    {
      nb::gil_scoped_release free;
      status = hr_spectra_writer_open(path.c_str(), &options, &writer_, &err);
    }
    check(status, err);
  }
  Writer(const Writer &) = delete;
  ~Writer() { hr_spectra_writer_close(&writer_); }

  void append(Py_ssize_t rows, const nb::object &flux, const nb::object &error,
              const nb::object &noisy, const nb::list &labels) {
    const char *format = is_fp64_ ? "d" : "f";
    Py_ssize_t values = rows * static_cast<Py_ssize_t>(pixels_);
    Array f(flux, "flux", format, false, values);
    Array e(error, "error", format, false, values);
    Array n(noisy, "noisy", format, false, values);
    std::vector<std::unique_ptr<Array>> columns;
    std::vector<const void *> label_values;
    for (size_t i = 0; i < integers_.size(); i++) {
      const nb::object column = labels[i];
      columns.emplace_back(
          new Array(column, "label", integers_[i] ? "l" : "d", false, rows));
      label_values.push_back(columns.back()->data<void>());
    }
    hr_spectra_rows part = hr_spectra_rows_default();
    part.rows = static_cast<uint64_t>(rows);
    part.flux = f.data<void>();
    part.error = e.data<void>();
    part.noisy = n.data<void>();
    part.dtype = is_fp64_ ? HR_FLOAT64 : HR_FLOAT32;
    part.labels = label_values.data();
    hr_error err = {};
    hr_status status = HR_OK;
    {
      nb::gil_scoped_release free;
      status = hr_spectra_writer_append(writer_, &part, &err);
    }
    check(status, err);
  }

  // Removes what is not finished.
  void close() { hr_spectra_writer_close(&writer_); }

  void finish() {
    hr_error err = {};
    hr_status status = HR_OK;
    {
      nb::gil_scoped_release free;
      status = hr_spectra_writer_finish(writer_, &err);
    }
    check(status, err);
  }

 private:
  hr_spectra_writer *writer_ = nullptr;
  size_t pixels_ = 0;
  bool is_fp64_ = false;
  std::vector<bool> integers_;
};

hr_status write_report(void *context, const char *run_dir, hr_error *err) {
  return hr_report_write(run_dir, static_cast<const hr_observer *>(context), err);
}

// What Python says of a study, as the library takes it: the options point into this.
class Study {
 public:
  explicit Study(const nb::dict &given)
      : settings_(nb::cast<std::vector<std::string>>(given["settings"])) {
    for (const std::string &setting : settings_) items_.push_back(setting.c_str());
    options.config_path = text_or_null(given["path"], path_);
    options.config_text = text_or_null(given["text"], text_);
    options.config_folder = text_or_null(given["folder"], folder_);
    options.out_dir = text_or_null(given["out"], out_dir_);
    options.compat = text_or_null(given["compat"], compat_);
    options.skip_preflight = !nb::cast<bool>(given["preflight"]);
    options.mode = static_cast<hr_study_mode>(nb::cast<int>(given["mode"]));
    options.settings = items_.data();
    options.setting_count = items_.size();
  }
  Study(const Study &) = delete;

  hr_study_options options = hr_study_options_default();

 private:
  std::string path_, text_, folder_, out_dir_, compat_;
  std::vector<std::string> settings_;
  std::vector<const char *> items_;
};

std::string run(const nb::dict &given, nb::object log, nb::object progress) {
  Study study(given);
  Watch watch(std::move(log), std::move(progress));
  hr_observer observer = watch.observer();
  if (nb::cast<bool>(given["report"])) study.options.finish = write_report;
  study.options.context = &observer;
  hr_error err = {};
  hr_status status = HR_OK;
  char *run_dir = nullptr;
  {
    nb::gil_scoped_release free;
    status = hr_study_run(&study.options, &observer, &run_dir, &err);
  }
  watch.check(status, err);
  std::string name = run_dir;
  hr_text_free(run_dir);
  return name;
}

// (folder, status, sentence): the latter two of the points; what else fails is raised.
nb::tuple sweep(const nb::dict &given, const std::string &key,
                const std::vector<std::string> &values, nb::object log,
                nb::object progress) {
  Study study(given);
  Watch watch(std::move(log), std::move(progress));
  hr_observer observer = watch.observer();
  std::vector<const char *> items;
  for (const std::string &value : values) items.push_back(value.c_str());
  hr_sweep_options options = hr_sweep_options_default();
  options.study = &study.options;
  options.key = key.c_str();
  options.values = items.data();
  options.value_count = items.size();
  options.place = study.options.setting_count;
  hr_error err = {};
  hr_status status = HR_OK;
  char *dir = nullptr, *table = nullptr;
  {
    nb::gil_scoped_release free;
    status = hr_sweep_run(&options, &observer, &dir, &table, &err);
  }
  std::string folder = dir ? dir : "";
  bool is_written = dir != nullptr;
  hr_text_free(dir);
  hr_text_free(table);
  watch.check(is_written ? HR_OK : status, err);
  return nb::make_tuple(folder, hr_status_name(status), err.message);
}

// Which experts of the study have no model, and why; None: all have.
nb::object lost(const std::string &run_dir) {
  hr_error err = {};
  char *text = nullptr;
  check(hr_study_lost(run_dir.c_str(), &text, &err), err);
  nb::object experts = text ? nb::object(nb::str(text)) : nb::none();
  hr_text_free(text);
  return experts;
}

// Whether the ledger balances and the two files confirm one another; raises if not.
void check_results(const std::string &run_dir) {
  hr_error err = {};
  hr_status status = HR_OK;
  hr_results *results = nullptr;
  {
    nb::gil_scoped_release free;
    status = hr_results_open(run_dir.c_str(), nullptr, &results, &err);
    hr_results_close(&results);
  }
  check(status, err);
}

std::string report_text(const std::string &run_dir) {
  hr_error err = {};
  hr_status status = HR_OK;
  char *text = nullptr;
  {
    nb::gil_scoped_release free;
    status = hr_report_text(run_dir.c_str(), &text, &err);
  }
  check(status, err);
  std::string out = text;
  hr_text_free(text);
  return out;
}

void report(const std::string &run_dir, nb::object log) {
  Watch watch(std::move(log), nb::none());
  hr_observer observer = watch.observer();
  hr_error err = {};
  hr_status status = HR_OK;
  {
    nb::gil_scoped_release free;
    status = hr_report_write(run_dir.c_str(), &observer, &err);
  }
  watch.check(status, err);
}

// [text, Markdown, JSON]; `out`, where given, gets tables, figure and page.
std::vector<std::string> compare(const std::vector<std::string> &runs,
                                 const nb::object &target, const nb::object &out) {
  static const hr_comparison_format formats[] = {
      HR_COMPARISON_TEXT, HR_COMPARISON_MARKDOWN, HR_COMPARISON_JSON};
  std::string label, folder;
  std::vector<const char *> dirs;
  for (const std::string &run : runs) dirs.push_back(run.c_str());
  hr_compare_options options = hr_compare_options_default();
  options.target = text_or_null(target, label);
  const char *folder_or_null = text_or_null(out, folder);
  std::vector<std::string> told;
  hr_error err = {};
  hr_status status = HR_OK;
  {
    nb::gil_scoped_release free;
    hr_comparison *comparison = nullptr;
    status = hr_compare(dirs.data(), dirs.size(), &options, &comparison, &err);
    for (hr_comparison_format format : formats) {
      char *text = nullptr;
      if (status == HR_OK) status = hr_comparison_text(comparison, format, &text, &err);
      told.emplace_back(text ? text : "");
      hr_text_free(text);
    }
    if (status == HR_OK && folder_or_null) {
      status = hr_comparison_write(comparison, folder_or_null, nullptr, &err);
    }
    hr_comparison_close(&comparison);
  }
  check(status, err);
  return told;
}

void simulate(const std::string &folder, const nb::dict &given, nb::object progress) {
  hr_simulate_options o = hr_simulate_options_default();
  o.folder = folder.c_str();
#define HR_TAKE(name) \
  if (given.contains(#name)) o.name = nb::cast<decltype(o.name)>(given[#name])
#define HR_TAKE_CHOICE(name) \
  if (given.contains(#name)) o.name = static_cast<decltype(o.name)>(nb::cast<int>(given[#name]))
#define HR_TAKE_RANGE(name)                                             \
  if (given.contains(#name)) {                                          \
    auto ends = nb::cast<std::vector<double>>(given[#name]);            \
    o.name = {ends.at(0), ends.at(1)};                                  \
  }
  HR_TAKE(train_rows);
  HR_TAKE(shards);
  HR_TAKE(test_rows);
  HR_TAKE(seed);
  HR_TAKE_CHOICE(dtype);
  HR_TAKE_CHOICE(labels);
  HR_TAKE_CHOICE(nodes);
  HR_TAKE_CHOICE(noise_model);
  HR_TAKE_RANGE(teff);
  HR_TAKE_RANGE(logg);
  HR_TAKE_RANGE(mh);
  HR_TAKE_RANGE(mag);
  HR_TAKE_RANGE(seeing);
  HR_TAKE_RANGE(zenith_angle);
  HR_TAKE_RANGE(field_angle);
  HR_TAKE_RANGE(rv);
  HR_TAKE(exposures);
  HR_TAKE(exposure_time);
  HR_TAKE(resolving_power);
  HR_TAKE(fwhm);
  HR_TAKE(error_scale);
  HR_TAKE(mh_offset);
  HR_TAKE(free_fraction);
  std::string instrument, survey;
  if (given.contains("instrument")) o.instrument = text_or_null(given["instrument"], instrument);
  if (given.contains("survey_file")) o.survey_file = text_or_null(given["survey_file"], survey);
#undef HR_TAKE
#undef HR_TAKE_CHOICE
#undef HR_TAKE_RANGE
  Watch watch(nb::none(), std::move(progress));
  hr_observer observer = watch.observer();
  hr_error err = {};
  hr_status status = HR_OK;
  {
    nb::gil_scoped_release free;
    status = hr_simulate(&o, &observer, &err);
  }
  watch.check(status, err);
}

nb::list flag_list() {
  nb::list list;
#define HR_FLAG_ITEM(name, bit, word, meaning) \
  list.append(nb::make_tuple(static_cast<int>(bit), word, meaning));
  HR_FLAG_LIST(HR_FLAG_ITEM)
#undef HR_FLAG_ITEM
  return list;
}

nb::list status_list() {
  nb::list list;
#define HR_STATUS_ITEM(name, exit_code, sentence) \
  list.append(nb::make_tuple(#name, exit_code, sentence));
  HR_STATUS_LIST(HR_STATUS_ITEM)
#undef HR_STATUS_ITEM
  return list;
}

}  // namespace

NB_MODULE(_core, m) {
  m.def("version", &hr_version);
  m.def("flags", &flag_list);
  m.def("statuses", &status_list);
  // In a child of fork the threads of the parent are gone; one is left.
  m.def("be_alone", [] { omp_set_num_threads(1); });
  m.def("run", &run, nb::arg(), nb::arg().none(), nb::arg().none());
  m.def("sweep", &sweep, nb::arg(), nb::arg(), nb::arg(), nb::arg().none(),
        nb::arg().none());
  m.def("simulate", &simulate, nb::arg(), nb::arg(), nb::arg().none());
  m.def("check_results", &check_results);
  m.def("report", &report, nb::arg(), nb::arg().none());
  m.def("lost", &lost);
  m.def("compare", &compare, nb::arg(), nb::arg().none(), nb::arg().none());
  m.def("report_text", &report_text);
  nb::class_<Predictor>(m, "Predictor")
      .def(nb::init<const std::string &, const nb::object &, const nb::object &>(),
           nb::arg(), nb::arg().none(), nb::arg().none())
      .def("info", &Predictor::info)
      .def("predict", &Predictor::predict, nb::arg(), nb::arg(), nb::arg().none(),
           nb::arg().none(), nb::arg().none(), nb::arg());
  nb::class_<Reader>(m, "Reader")
      .def(nb::init<const std::vector<std::string> &, uint64_t, bool, nb::object>(),
           nb::arg(), nb::arg(), nb::arg(), nb::arg().none())
      .def("info", &Reader::info)
      .def("label", &Reader::label)
      .def("label_whole", &Reader::label_whole)
      .def("next", &Reader::next, nb::arg(), nb::arg(), nb::arg().none(),
           nb::arg().none(), nb::arg().none());
  m.def("is_survey_file", hr_survey_file_is);
  nb::class_<SurveyFile>(m, "SurveyFile")
      .def(nb::init<const std::string &, const nb::object &>(), nb::arg(), nb::arg().none())
      .def("info", &SurveyFile::info)
      .def("read", &SurveyFile::read)
      .def("column", &SurveyFile::column);
  nb::class_<Writer>(m, "Writer")
      .def(nb::init<const std::string &, const nb::dict &>())
      .def("append", &Writer::append, nb::arg(), nb::arg(), nb::arg().none(),
           nb::arg().none(), nb::arg())
      .def("finish", &Writer::finish)
      .def("close", &Writer::close);
}
