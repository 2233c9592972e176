// designApply() and designAdjoint(): one pass of a design, for methods written in TypeScript.
#include "arguments.h"
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
  interleave(r.data(), m, design->field(), out.data);
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
  interleave(image.data(), n, design->field(), out.data);
  return info.Env().Undefined();
}

}  // namespace

void exportDesignCalls(Napi::Object exports) {
  exportFunction<designApply>(exports, "designApply");
  exportFunction<designAdjoint>(exports, "designAdjoint");
}

}  // namespace lowrank::binding
