// normals() and uniforms(): the streams of the counter-based generator.
#include "../core/linalg/philox.h"
#include "arguments.h"
#include "exports.h"

namespace lowrank::binding {
namespace {

using Draw = void (*)(std::uint64_t seed, Purpose purpose, std::uint64_t first, std::int64_t count,
                      double* out) noexcept;

Napi::Value draw(const Napi::CallbackInfo& info, const char* name, Draw function) {
  expectArguments(info, name, 4);
  const std::uint64_t stream = seed(info[0], "seed");
  const auto purpose = choice<Purpose>(info[1], "purpose",
                                       {{"measurements", Purpose::measurements},
                                        {"truthLeft", Purpose::truthLeft},
                                        {"truthRight", Purpose::truthRight},
                                        {"noise", Purpose::noise},
                                        {"initialLeft", Purpose::initialLeft},
                                        {"initialRight", Purpose::initialRight},
                                        {"heldOut", Purpose::heldOut},
                                        {"test", Purpose::test},
                                        {"signal", Purpose::signal},
                                        {"initialVector", Purpose::initialVector},
                                        {"asymptotics", Purpose::asymptotics}});
  const std::int64_t first = integer(info[2], "first", 0, kMaxSafeInteger);
  const Span<double> out = float64Array(info[3], "out", -1);
  function(stream, purpose, static_cast<std::uint64_t>(first), out.size, out.data);
  return info.Env().Undefined();
}

Napi::Value drawNormals(const Napi::CallbackInfo& info) { return draw(info, "normals", normals); }
Napi::Value drawUniforms(const Napi::CallbackInfo& info) { return draw(info, "uniforms", uniforms); }

}  // namespace

void exportRandom(Napi::Object exports) {
  exportFunction<drawNormals>(exports, "normals");
  exportFunction<drawUniforms>(exports, "uniforms");
}

}  // namespace lowrank::binding
