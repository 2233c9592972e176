// Runs the registered cases: all, or those whose names contain one of the arguments. The last line is
// "N passed, N failed"; the exit code is 1 when a case failed or none ran.
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstring>
#include <exception>
#include <string>
#include <vector>

#include "harness.h"
#include "linalg/lapack.h"

namespace lowrank::test {
namespace {

struct Case {
  const char* name;
  const char* file;
  CaseBody body;
};

// A function's static, since cases are registered before main in an order that is not fixed.
std::vector<Case>& cases() {
  static std::vector<Case> all;
  return all;
}

constexpr unsigned secondsPerCase = 300;
constexpr int printedPerCase = 20;
const char* running = "";
int failuresInCase = 0;

// LAPACK can loop for ever; a hang becomes a named failure. Only calls that are safe in a signal handler.
void onAlarm(int) {
  const char text[] = "\nHANG in case ";
  const bool written =
      write(2, text, sizeof text - 1) > 0 && write(2, running, std::strlen(running)) > 0 && write(2, "\n", 1) > 0;
  _exit(written ? 1 : 2);
}

bool wanted(const char* name, int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    if (std::strstr(name, argv[i])) return true;
  }
  return argc <= 1;
}

bool passes(const Case& test) {
  running = test.name;
  failuresInCase = 0;
  alarm(secondsPerCase);
  try {
    test.body();
  } catch (const std::exception& error) {
    reportFailure(test.file, 0, std::string("uncaught exception: ") + error.what());
  } catch (...) {
    reportFailure(test.file, 0, "uncaught exception of unknown type");
  }
  alarm(0);
  if (failuresInCase > printedPerCase) std::printf("  ... %d failures in all\n", failuresInCase);
  std::printf("%s %s\n", failuresInCase == 0 ? "ok    " : "FAILED", test.name);
  std::fflush(stdout);
  return failuresInCase == 0;
}

}  // namespace

bool registerCase(const char* name, const char* file, CaseBody body) {
  cases().push_back({name, file, body});
  return true;
}

void reportFailure(const char* file, int line, const std::string& message) {
  if (++failuresInCase <= printedPerCase) std::printf("%s:%d: %s\n", file, line, message.c_str());
}

int runAll(int argc, char** argv) {
  std::signal(SIGALRM, onAlarm);
  int passed = 0, failed = 0;
  for (const Case& test : cases()) {
    if (wanted(test.name, argc, argv)) ++(passes(test) ? passed : failed);
  }
  std::printf("%d passed, %d failed\n", passed, failed);
  return failed > 0 || passed == 0 ? 1 : 0;
}

}  // namespace lowrank::test

int main(int argc, char** argv) {
  lowrank::limitBlasThreads();  // as the addon does: several BLAS threads change bits, and allocate
  return lowrank::test::runAll(argc, argv);
}
