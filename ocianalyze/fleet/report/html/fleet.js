
// Searching images, and filtering them by verdict.
{
  const section = document.getElementById("images");
  const items = [...document.querySelectorAll("#images tbody tr")].map((node) => {
    const badge = node.querySelector(".badge");
    return { node, state: /v-(\w+)/.exec(badge.className)[1], word: badge.textContent };
  });
  if (items.length > 1) {
    const words = new Map(items.map(({ state, word }) => [state, word]));
    searchable(section, items, { prompt: "Search images, users, rules and bases", label: "Search images", words });
  }
}
