import"./part-5LDI4K34.js";
