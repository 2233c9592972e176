// The list of methods: a new one is one line here and one file beside this one.
#include "../error.h"
#include "method.h"

namespace lowrank {
namespace {

struct Entry {
  const char* name;
  std::unique_ptr<Method> (*make)(const SolverState&);
};

constexpr Entry entries[] = {
    {"gradient-descent", makeGradientDescent},
    {"approximate-gauss-newton", makeApproximateGaussNewton},
    {"riemannian-gauss-newton", makeRiemannianGaussNewton},
};

}  // namespace

const std::vector<std::string>& methodNames() {
  static const auto* names = [] {
    auto* list = new std::vector<std::string>;  // never destroyed: threads may outlive static destructors
    for (const auto& entry : entries) list->emplace_back(entry.name);
    return list;
  }();
  return *names;
}

std::unique_ptr<Method> makeMethod(const SolverState& state) {
  for (const auto& entry : entries) {
    if (state.options.method == entry.name) return entry.make(state);
  }
  throw Error(ErrorCode::invalidArgument, "Unknown method " + state.options.method + ".");
}

}  // namespace lowrank
