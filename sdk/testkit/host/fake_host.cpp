#include "testkit/host/fake_host.h"

#include <Poco/Dynamic/Var.h>
#include <Poco/Exception.h>
#include <Poco/JSON/Object.h>
#include <Poco/JSON/Parser.h>

#include <cstring>
#include <sstream>
#include <stdexcept>

namespace sara::testkit {
namespace {

Poco::JSON::Object::Ptr parseObject(const std::string& text, const char* what) {
    try {
        Poco::JSON::Parser parser;
        return parser.parse(text).extract<Poco::JSON::Object::Ptr>();
    } catch (const Poco::Exception& e) {
        throw std::runtime_error(std::string(what) + " is not a JSON object: " + e.displayText());
    }
}

}  // namespace

FakeHost::FakeHost(const Options& options) : options_(options), clock_(options.real_time) {
    readConfig(options.config_json, options.manifest_json);
    for (uint32_t i = 0; i < options.loops; ++i) {
        loops_.push_back(std::make_unique<FakeLoop>(&table_, i, clock_, options.mailbox_max));
    }
    fillTable();
}

FakeHost::~FakeHost() = default;

void FakeHost::readConfig(const std::string& config, const std::string& manifest) {
    auto values = parseObject(config, "config");
    if (!manifest.empty()) {
        auto schema = parseObject(manifest, "manifest")->getObject("config");
        if (!schema.isNull()) {
            for (const auto& key : schema->getNames()) {
                auto entry = schema->getObject(key);
                if (!values->has(key) && !entry.isNull() && entry->has("default")) {
                    values->set(key, entry->get("default"));
                }
            }
        }
    }
    for (const auto& key : values->getNames()) {
        const Poco::Dynamic::Var var = values->get(key);
        Value value;
        if (var.isString()) {
            value.kind = Value::kString;
            value.text = var.convert<std::string>();
        } else if (var.isBoolean()) {
            value.kind = Value::kBool;
            value.number = var.convert<bool>() ? 1 : 0;
        } else if (var.isInteger()) {
            value.kind = Value::kInt;
            value.number = var.convert<int64_t>();
        }
        config_[key] = value;
    }
    std::ostringstream text;
    values->stringify(text);
    config_text_ = text.str();
}

void FakeHost::provide(const std::string& id, const void* table) { extensions_[id] = table; }

void FakeHost::provideService(const std::string& id, const void* api, void* self) {
    auto& service = services_[id];
    if (!service) service = std::make_unique<sara_service>();
    service->struct_size = sizeof(sara_service);
    ++service->epoch;
    service->api = api;
    service->self = self;
}

bool FakeHost::turn() {
    bool ran = false;
    for (const auto& loop : loops_) ran |= loop->turn();
    return ran;
}

void FakeHost::settle() {
    for (int i = 0; i < 10'000 && turn(); ++i) {
    }
}

bool FakeHost::runUntil(const std::function<bool()>& done, std::chrono::milliseconds deadline) {
    const auto end = std::chrono::steady_clock::now() + deadline;
    while (!done()) {
        if (std::chrono::steady_clock::now() >= end) return false;
        if (turn()) continue;
        if (done()) return true;
        // Nothing to do: wait for a post or a descriptor, shortly when several loops share this
        // thread.
        loops_.front()->turn(loops_.size() == 1 ? 10 : 1);
    }
    return true;
}

void FakeHost::advance(uint64_t ms) {
    clock_.advance(ms);
    settle();
}

sara_buf* FakeHost::buffer(std::string_view bytes) {
    uint8_t* to = nullptr;
    sara_buf* buf = table_.buf_new(&table_, bytes.size(), &to);
    if (buf != nullptr && !bytes.empty()) std::memcpy(to, bytes.data(), bytes.size());
    return buf;
}

std::vector<LogLine> FakeHost::log() const {
    const std::lock_guard lock(mutex_);
    return log_;
}

bool FakeHost::logged(std::string_view part) const {
    const std::lock_guard lock(mutex_);
    for (const LogLine& line : log_) {
        if (line.text.find(part) != std::string::npos) return true;
    }
    return false;
}

std::string FakeHost::error() const {
    const std::lock_guard lock(mutex_);
    return error_;
}

int64_t FakeHost::metric(std::string_view name) const {
    const std::lock_guard lock(mutex_);
    for (const Metric& metric : metrics_) {
        if (metric.name == name) return metric.value.load();
    }
    return 0;
}

}  // namespace sara::testkit
