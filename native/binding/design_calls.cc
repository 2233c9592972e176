// designApply(), designAdjoint() and designGradient(): one pass of a design, for methods written in TypeScript.
#include "../core/losses/loss.h"
#include "design_object.h"
#include "exports.h"

namespace lowrank::binding {
namespace {

Napi::Value designApply(const Napi::CallbackInfo& info) {
  expectArguments(info, "designApply", 4);
  const auto design = designArgument(info[0]).shared();
  const std::int64_t m = design->measurements();
  const AlignedBuffer<double> theta = splitCopyOf(info[1], "theta", design->dimension(), design->field());
  const Span<double> out = vectorOutput(info[2], "out", m, design->field());
  Team team(threads(info[3]));
  const auto workspace = design->workspace();
  AlignedBuffer<double> r(design->width(m));
  design->apply(theta.data(), r.data(), *workspace, team);
  joinInto(r.data(), m, design->field(), out.data);
  return info.Env().Undefined();
}

Napi::Value designAdjoint(const Napi::CallbackInfo& info) {
  expectArguments(info, "designAdjoint", 4);
  const auto design = designArgument(info[0]).shared();
  const std::int64_t n = design->dimension();
  const AlignedBuffer<double> g = splitCopyOf(info[1], "g", design->measurements(), design->field());
  const Span<double> out = vectorOutput(info[2], "out", n, design->field());
  Team team(threads(info[3]));
  const auto workspace = design->workspace();
  AlignedBuffer<double> image(design->width(n));
  design->adjoint(g.data(), image.data(), *workspace, team);
  joinInto(image.data(), n, design->field(), out.data);
  return info.Env().Undefined();
}

class ForceMap final : public RowMap {
 public:
  ForceMap(const Loss& loss, const double* y) : loss_(loss), y_(y) {}
  void map(std::int64_t first, std::int64_t count, Entries r, MutableEntries weight) const override {
    loss_.forces(count, r, y_ + first, weight);
  }

 private:
  const Loss& loss_;
  const double* y_;
};

// The gradient of (1/m) sum_i L(r_i, y_i), in the complex field with respect to conj(theta).
Napi::Value designGradient(const Napi::CallbackInfo& info) {
  expectArguments(info, "designGradient", 7);
  const auto design = designArgument(info[0]).shared();
  const std::int64_t m = design->measurements(), n = design->dimension();
  const Field field = design->field();
  const auto loss = makeLoss(lossArgument(info[1], "loss"), field);
  const AlignedBuffer<double> theta = splitCopyOf(info[2], "theta", n, field);
  const AlignedBuffer<double> y = copyOf(info[3], "y", m);
  const Span<double> fieldOut = vectorOutput(info[4], "field", m, field);
  const Span<double> gradientOut = vectorOutput(info[5], "gradient", n, field);
  Team team(threads(info[6]));

  const auto workspace = design->workspace();
  AlignedBuffer<double> r(design->width(m)), gradient(design->width(n)), values(m);
  design->applyAndAdjoint(theta.data(), r.data(), ForceMap(*loss, y.data()), gradient.data(), *workspace, team);
  const double mean = 1 / static_cast<double>(m);
  for (std::int64_t j = 0; j < gradient.size(); ++j) gradient[j] *= mean;
  loss->values(m, entriesOf(static_cast<const double*>(r.data()), m, field), y.data(), values.data());
  double sum = 0;
  for (std::int64_t i = 0; i < m; ++i) sum += values[i];
  joinInto(r.data(), m, field, fieldOut.data);
  joinInto(gradient.data(), n, field, gradientOut.data);
  return Napi::Number::New(info.Env(), mean * sum);
}

}  // namespace

void exportDesignCalls(Napi::Object exports) {
  exportFunction<designApply>(exports, "designApply");
  exportFunction<designAdjoint>(exports, "designAdjoint");
  exportFunction<designGradient>(exports, "designGradient");
}

}  // namespace lowrank::binding
