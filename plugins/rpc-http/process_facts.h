// What Prometheus wants to know about any process, under the names that its own clients use. Reads
// /proc; refuses to guess: what cannot be read is left out.
#pragma once
#include <string>
#include <vector>

namespace sara::rpc_http {

struct ProcessFact {
    const char* name;
    const char* help;
    bool counter;
    std::string value;
};

// [any] Reads a few files; not for a loop.
std::vector<ProcessFact> processFacts();

}  // namespace sara::rpc_http
