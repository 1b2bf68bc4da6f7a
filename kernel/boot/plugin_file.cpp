#include "boot/plugin_file.h"

#include <Poco/Exception.h>
#include <Poco/File.h>
#include <Poco/SharedMemory.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "boot/elf_image.h"
#include "sara/abi/plugin.h"

namespace sara::boot {

namespace {

constexpr uint64_t kPluginBytesMax = 512ull << 20;
constexpr size_t kPluginsMax = 256;
constexpr std::string_view kEntryPrefix = "sara_plugin_entry_v";

std::string serverAbi() {
    return std::to_string(SARA_ABI_MAJOR) + "." + std::to_string(SARA_ABI_MINOR);
}

// Majors that the file offers, from its exported entry functions.
std::vector<unsigned> offeredMajors(const ElfImage& image) {
    std::vector<unsigned> majors;
    for (const std::string& symbol : image.exportedFunctions(kEntryPrefix)) {
        unsigned major = 0;
        const char* const begin = symbol.data() + kEntryPrefix.size();
        const char* const end = symbol.data() + symbol.size();
        const auto read = std::from_chars(begin, end, major);
        if (read.ec == std::errc() && read.ptr == end) majors.push_back(major);
    }
    return majors;
}

std::string refuseMajor(const std::vector<unsigned>& majors) {
    std::string offered;
    for (const unsigned major : majors) {
        offered += (offered.empty() ? "" : ", ") + std::to_string(major);
    }
    return "ABI mismatch: server speaks major " + std::to_string(SARA_ABI_MAJOR) +
           ", plugin offers major " + offered + "; rebuild it with an SDK " +
           std::to_string(SARA_ABI_MAJOR) + ".x";
}

std::string refuseMinor(unsigned major, unsigned minor) {
    return "needs SARA ABI " + std::to_string(major) + "." + std::to_string(minor) +
           ", this server has " + serverAbi() + "; upgrade the server";
}

std::string inspectBytes(std::span<const uint8_t> bytes, PluginFile* plugin) {
    std::string error;
    const auto image = ElfImage::read(bytes, &error);
    if (!image) return error + "; a plugin is a shared object built with the SARA SDK";
    const std::vector<unsigned> majors = offeredMajors(*image);
    if (majors.empty()) {
        return "not a SARA plugin: no sara_plugin_entry_vN symbol; export " SARA_ENTRY_SYMBOL
               " (sara_add_plugin() does)";
    }
    if (std::find(majors.begin(), majors.end(), SARA_ABI_MAJOR) == majors.end()) {
        return refuseMajor(majors);
    }
    const auto section = image->section(SARA_MANIFEST_SECTION);
    if (!section) {
        return "no " SARA_MANIFEST_SECTION
               " section; put one in with SARA_MANIFEST() or "
               "`objcopy --add-section`";
    }
    Problems problems;
    auto manifest = Manifest::parse(*section, &problems);
    if (!manifest) return problems.front() + "; correct it and rebuild the plugin";
    plugin->manifest_text = std::string(*section);
    plugin->manifest_text.resize(plugin->manifest_text.find_last_not_of('\0') + 1);
    plugin->name = manifest->name;
    plugin->manifest = std::move(*manifest);
    if (plugin->manifest.abi_major != SARA_ABI_MAJOR) {
        return refuseMajor({plugin->manifest.abi_major});
    }
    if (plugin->manifest.abi_minor > SARA_ABI_MINOR) {
        return refuseMinor(plugin->manifest.abi_major, plugin->manifest.abi_minor);
    }
    return {};
}

}  // namespace

std::string PluginFile::title() const {
    return "plugin '" + name + "' (" + file.filename().string() + "): ";
}

PluginFile inspectPlugin(const std::filesystem::path& file) {
    PluginFile plugin;
    plugin.file = std::filesystem::absolute(file).lexically_normal();
    plugin.name = file.stem().string();
    try {
        const Poco::File on_disk(plugin.file.string());
        if (!on_disk.isFile()) {
            plugin.refusal = "is not a regular file";
        } else if (on_disk.getSize() > kPluginBytesMax) {
            plugin.refusal = "is larger than " + std::to_string(kPluginBytesMax) + " bytes";
        } else if (on_disk.getSize() == 0) {
            plugin.refusal = inspectBytes({}, &plugin);
        } else {
            const Poco::SharedMemory map(on_disk, Poco::SharedMemory::AM_READ);
            plugin.refusal = inspectBytes({reinterpret_cast<const uint8_t*>(map.begin()),
                                           static_cast<size_t>(map.end() - map.begin())},
                                          &plugin);
        }
    } catch (const Poco::Exception& e) {
        plugin.refusal = "cannot be read: " + e.displayText();
    }
    return plugin;
}

std::vector<PluginFile> scanPlugins(const std::vector<std::filesystem::path>& folders) {
    std::vector<PluginFile> found;
    for (const std::filesystem::path& folder : folders) {
        std::error_code error;
        std::vector<std::filesystem::path> files;
        std::filesystem::directory_iterator entry(folder, error), end;
        for (; !error && entry != end && files.size() < kPluginsMax; entry.increment(error)) {
            if (entry->path().extension() == ".so") files.push_back(entry->path());
        }
        std::sort(files.begin(), files.end());
        for (const std::filesystem::path& file : files) {
            PluginFile plugin = inspectPlugin(file);
            const bool known =
                std::any_of(found.begin(), found.end(),
                            [&](const PluginFile& other) { return other.name == plugin.name; });
            if (!known && found.size() < kPluginsMax) found.push_back(std::move(plugin));
        }
    }
    std::sort(found.begin(), found.end(),
              [](const PluginFile& a, const PluginFile& b) { return a.name < b.name; });
    return found;
}

}  // namespace sara::boot
