// Runs a fuzzer's target without libFuzzer: FUZZER [-n MUTATIONS] [-s SEED] FILE...
// Each line of each file is an input, and each whole file; then MUTATIONS random changes of random inputs.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size);

namespace {

using Random = std::mt19937_64;

constexpr std::size_t kInputBytesMax = 1 << 20;
constexpr std::string_view kPieces[] = {"\"",
                                        "\\",
                                        "{",
                                        "}",
                                        "[",
                                        "]",
                                        ",",
                                        ":",
                                        " ",
                                        "\n",
                                        "\\u0041",
                                        "\\ud83d",
                                        "\\x",
                                        "\"a\":1,",
                                        "null",
                                        "true",
                                        "tru",
                                        "01",
                                        "1e400",
                                        "-",
                                        "1.5",
                                        "\x80",
                                        "\xc3\xa9",
                                        "\x01",
                                        "},{\"",
                                        "\"eventName\":\"x\",",
                                        "\"errorCode\":7,",
                                        "[[[[",
                                        "]]]]",
                                        "\\\\",
                                        "\"Records\":[",
                                        "{\"Records\":[{",
                                        "\x1e",
                                        "\xef\xbb\xbf",
                                        "\\\"",
                                        "\"userIdentity\":{\"type\":null},",
                                        "\t",
                                        "/",
                                        "e",
                                        "0"};

void run(std::string_view input) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
}

std::size_t place_in(const std::string& text, Random& random) {
  return text.empty() ? 0 : random() % (text.size() + 1);
}

void mutate(std::string& text, const std::vector<std::string>& inputs, Random& random) {
  const std::size_t at = place_in(text, random);
  const std::size_t some = random() % 4 == 0 ? random() % 400 : random() % 8;
  switch (random() % 7) {
    case 0:
      text.erase(at, some + 1);
      break;
    case 1:
      text.insert(at, kPieces[random() % std::size(kPieces)]);
      break;
    case 2:
      if (at < text.size()) text[at] = static_cast<char>(random());
      break;
    case 3:
      if (at < text.size()) text.replace(at, 1, kPieces[random() % std::size(kPieces)]);
      break;
    case 4:
      text.insert(place_in(text, random), text.substr(at, some));
      break;
    case 5: {
      const std::string& other = inputs[random() % inputs.size()];
      const std::size_t from = random() % (other.size() + 1);
      text.replace(at, random() % 2 * some, other.substr(from, random() % 200));
      break;
    }
    default:
      text += (random() % 2 == 0 ? "\n" : ",") + inputs[random() % inputs.size()];
  }
  if (text.size() > kInputBytesMax) text.resize(kInputBytesMax);
}

std::string contents(const char* path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    std::fprintf(stderr, "%s: cannot be read\n", path);
    std::exit(1);
  }
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

int main(int count, char** words) {
  std::uint64_t mutations = 10'000, seed = 1;
  std::vector<std::string> inputs;
  for (int i = 1; i < count; ++i) {
    const std::string_view word = words[i];
    if ((word == "-n" || word == "-s") && i + 1 < count) {
      (word == "-n" ? mutations : seed) = std::strtoull(words[++i], nullptr, 10);
      continue;
    }
    const std::string text = contents(words[i]);
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = std::min(text.find('\n', at), text.size());
      if (end > at) inputs.push_back(text.substr(at, end - at));
      at = end + 1;
    }
    run(text);
  }
  for (const std::string& input : inputs) run(input);
  if (inputs.empty()) inputs.emplace_back();
  Random random(seed);
  for (std::uint64_t i = 0; i < mutations; ++i) {
    std::string text = inputs[random() % inputs.size()];
    if (text.size() > 20'000 && random() % 50 != 0) text.resize(20'000);
    for (std::uint64_t changes = random() % 4 + 1; changes > 0; --changes) mutate(text, inputs, random);
    run(text);
  }
  std::printf("%zu inputs, %llu mutations, seed %llu\n", inputs.size(), static_cast<unsigned long long>(mutations),
              static_cast<unsigned long long>(seed));
}
