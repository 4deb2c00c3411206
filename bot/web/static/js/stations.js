// Asks the browser where the visitor is, and opens the list anew from there. Without a position the page is complete.
// The position goes out no finer than about a hundred metres.

const button = document.getElementById("near");
const note = document.getElementById("near-note");

function rounded(degrees) {
  return degrees.toFixed(3);
}

function open(position) {
  const address = new URL(location.href);
  address.searchParams.set("lat", rounded(position.coords.latitude));
  address.searchParams.set("lon", rounded(position.coords.longitude));
  location.assign(address);
}

function refuse() {
  button.disabled = false;
  note.textContent = button.dataset.refused;
}

if ("geolocation" in navigator) {
  button.hidden = false;
  button.addEventListener("click", () => {
    button.disabled = true;
    navigator.geolocation.getCurrentPosition(open, refuse, { maximumAge: 60000, timeout: 15000 });
  });
}
