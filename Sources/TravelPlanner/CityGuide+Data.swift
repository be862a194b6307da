import AgentKit

extension CityGuide {
    /// The cities with built-in weather, events and places.
    static let all = [
        tokyo, paris, newYork, london, sydney, rome, barcelona, amsterdam,
        dubai, singapore, bangkok, losAngeles, sanFrancisco, seattle, miami, honolulu,
    ]

    private static let tokyo = CityGuide(
        name: "Tokyo", weather: Weather(.partlyCloudy, high: 18, low: 11),
        events: [
            "Cherry blossom evening walk in Ueno Park, 18:00", "Sumo practice at a Ryogoku stable, 7:30",
            "Digital art at teamLab Planets, until 22:00", "Night food stalls in Yurakucho, from 17:00",
        ],
        places: [
            "Senso-ji and Nakamise street in Asakusa", "Shibuya Crossing and Shibuya Sky", "Golden Gai in Shinjuku",
            "Meiji Shrine and Yoyogi Park", "Takeshita street and Omotesando in Harajuku", "Ebisu Yokocho",
            "Toyosu fish market", "Imperial Palace East Gardens", "Tokyo Tower by night",
        ],
        dish: "ramen at a counter in Shinjuku", transport: "A Suica card pays for metro, bus and vending machines")

    private static let paris = CityGuide(
        name: "Paris", weather: Weather(.overcast, high: 16, low: 9),
        events: [
            "Late opening of the Louvre, Friday until 21:00", "Jazz at Caveau de la Huchette, 21:30",
            "Flea market of Saint-Ouen, Sunday from 9:00", "Organ concert in Saint-Sulpice, Sunday 16:00",
        ],
        places: [
            "the Eiffel Tower and Champ de Mars", "Musée d'Orsay", "a boat on the Seine from Pont Neuf",
            "the Louvre and the Tuileries", "Le Marais and Place des Vosges", "Montmartre and Sacré-Cœur",
            "Sainte-Chapelle", "the Luxembourg Gardens", "Canal Saint-Martin",
        ],
        dish: "steak frites in a bistro of the 11th", transport: "A Navigo Easy card holds ten metro tickets")

    private static let newYork = CityGuide(
        name: "New York", weather: Weather(.clear, high: 20, low: 12),
        events: [
            "Broadway show, 19:00", "Smorgasburg food market in Williamsburg, Saturday from 11:00",
            "Jazz at the Village Vanguard, 20:00", "Free evening at the Whitney, Friday from 17:00",
        ],
        places: [
            "Central Park and Bethesda Terrace", "the Metropolitan Museum", "Times Square and Bryant Park",
            "the ferry to the Statue of Liberty", "the 9/11 Memorial and Wall Street", "Brooklyn Bridge at dusk",
            "the High Line", "Chelsea Market", "Top of the Rock",
        ],
        dish: "pastrami on rye on the Lower East Side", transport: "Tap a bank card at the subway gate")

    private static let london = CityGuide(
        name: "London", weather: Weather(.rainy, high: 14, low: 8),
        events: [
            "Choral evensong in Westminster Abbey, 17:00", "Borough Market, until 17:00",
            "A play at Shakespeare's Globe, 19:30", "Friday Late at the V&A, until 22:00",
        ],
        places: [
            "the Tower of London", "Tower Bridge and the South Bank", "Covent Garden",
            "the British Museum", "Westminster and St James's Park", "Soho",
            "Greenwich and the Royal Observatory", "the National Gallery", "Sky Garden",
        ],
        dish: "fish and chips in a pub by the river", transport: "Tap in and out with a bank card; fares are capped")

    private static let sydney = CityGuide(
        name: "Sydney", weather: Weather(.sunny, high: 26, low: 19),
        events: [
            "Opera at Bennelong Point, 19:30", "The Rocks Market, weekend from 10:00",
            "Open-air cinema at Mrs Macquaries Point, at sunset", "Surf carnival on Bondi Beach, Sunday 9:00",
        ],
        places: [
            "the Opera House and Circular Quay", "the Royal Botanic Garden", "The Rocks",
            "the coastal walk from Bondi to Coogee", "Bronte Beach", "Newtown",
            "the ferry to Manly", "North Head", "Darling Harbour",
        ],
        dish: "grilled barramundi by the harbour", transport: "Ferries take the same tap of a card as trains")

    private static let rome = CityGuide(
        name: "Rome", weather: Weather(.sunny, high: 24, low: 14),
        events: [
            "Opera at the Baths of Caracalla, 21:00", "Porta Portese flea market, Sunday from 7:00",
            "Night opening of the Vatican Museums, Friday from 19:00", "Street food fair in Testaccio, from 18:00",
        ],
        places: [
            "the Colosseum and the Forum", "the Pantheon and Piazza Navona", "the Trevi Fountain at night",
            "the Vatican Museums", "Castel Sant'Angelo", "Trastevere",
            "Villa Borghese", "the Spanish Steps", "the Janiculum at sunset",
        ],
        dish: "cacio e pepe in Trastevere", transport: "Most sights are within a walk; book the Colosseum ahead")

    private static let barcelona = CityGuide(
        name: "Barcelona", weather: Weather(.sunny, high: 23, low: 16),
        events: [
            "Magic Fountain show at Montjuïc, 21:00", "Concert at the Palau de la Música, 20:00",
            "Human towers on Plaça de Sant Jaume, Sunday 12:00", "Vermouth hour in Gràcia, from 12:30",
        ],
        places: [
            "the Sagrada Família", "Passeig de Gràcia and Casa Batlló", "El Born",
            "Park Güell", "the Picasso Museum", "Barceloneta beach",
            "La Boqueria and the Gothic Quarter", "Montjuïc", "the Bunkers del Carmel at sunset",
        ],
        dish: "seafood paella in Barceloneta", transport: "A T-casual ticket is good for ten metro rides")

    private static let amsterdam = CityGuide(
        name: "Amsterdam", weather: Weather(.rainy, high: 13, low: 7),
        events: [
            "Lunch concert at the Concertgebouw, Wednesday 12:30", "Albert Cuyp market, until 17:00",
            "Canal lights by boat, from 19:00", "Late night at the Van Gogh Museum, Friday until 21:00",
        ],
        places: [
            "the Rijksmuseum", "the Nine Streets", "the Jordaan",
            "the Anne Frank House", "Vondelpark", "Leidseplein",
            "Zaanse Schans", "the Eye Film Museum", "a canal cruise",
        ],
        dish: "a rijsttafel for two", transport: "Rent a bicycle, and keep off the tram tracks")

    private static let dubai = CityGuide(
        name: "Dubai", weather: Weather(.sunny, high: 36, low: 27),
        events: [
            "Dubai Fountain show, every 30 minutes from 18:00", "Ripe Market, Saturday from 9:00",
            "Stand-up at Dubai Opera, 20:00", "Desert star watching, from 19:30",
        ],
        places: [
            "the Al Fahidi quarter", "Dubai Mall and its aquarium", "the Burj Khalifa at sunset",
            "Jumeirah Mosque", "the Museum of the Future", "Dubai Marina",
            "the gold and spice souks by abra", "Alserkal Avenue", "a desert camp",
        ],
        dish: "an Emirati machboos in Al Fahidi", transport: "The metro is cool and quick; taxis do the rest")

    private static let singapore = CityGuide(
        name: "Singapore", weather: Weather(.stormy, high: 32, low: 26),
        events: [
            "Garden Rhapsody at the Supertrees, 19:45", "Night Safari, from 19:15",
            "Symphony at the Esplanade, 19:30", "Chinatown street market, until 22:00",
        ],
        places: [
            "Gardens by the Bay", "the ArtScience Museum", "Marina Bay by night",
            "the Botanic Gardens", "the National Gallery", "Lau Pa Sat",
            "Little India", "Kampong Glam", "Clarke Quay",
        ],
        dish: "Hainanese chicken rice at Maxwell", transport: "The MRT goes everywhere; tap a bank card")

    private static let bangkok = CityGuide(
        name: "Bangkok", weather: Weather(.stormy, high: 34, low: 27),
        events: [
            "Muay Thai at Rajadamnern, 18:30", "Chatuchak weekend market, from 9:00",
            "Temple fair at Wat Saket, from 17:00", "Rooftop jazz on Silom, 21:00",
        ],
        places: [
            "the Grand Palace and Wat Phra Kaew", "Wat Pho", "Wat Arun from the river at dusk",
            "the Jim Thompson House", "Siam and its arts centre", "Chinatown's Yaowarat road",
            "the floating market at Taling Chan", "Lumphini Park", "Asiatique",
        ],
        dish: "pad kra pao from a street kitchen", transport: "Skytrain and river boats pass the traffic by")

    private static let losAngeles = CityGuide(
        name: "Los Angeles", weather: Weather(.sunny, high: 25, low: 16),
        events: [
            "Concert at the Hollywood Bowl, 20:00", "Grand Central Market, until 21:00",
            "Stargazing at Griffith Observatory, until 22:00", "First Fridays on Abbot Kinney, 17:00",
        ],
        places: [
            "Griffith Park", "the Walk of Fame", "Sunset Boulevard",
            "the Getty Center", "Santa Monica Pier", "Venice canals",
            "The Broad and Disney Hall", "the Arts District", "Malibu at sunset",
        ],
        dish: "fish tacos in Venice", transport: "Rent a car, and plan around the rush hours")

    private static let sanFrancisco = CityGuide(
        name: "San Francisco", weather: Weather(.foggy, high: 17, low: 11),
        events: [
            "Ferry Plaza farmers' market, Saturday from 8:00", "After Dark at the Exploratorium, Thursday 18:00",
            "Giants game at Oracle Park, 18:45", "Off the Grid food trucks at Fort Mason, Friday 17:00",
        ],
        places: [
            "Alcatraz by the first ferry", "the Golden Gate Bridge", "North Beach",
            "Golden Gate Park", "the de Young Museum", "the Mission's murals",
            "the Ferry Building", "a cable car to Nob Hill", "Twin Peaks at sunset",
        ],
        dish: "clam chowder in a sourdough bowl", transport: "A Clipper card is good for cable cars, Muni and ferries")

    private static let seattle = CityGuide(
        name: "Seattle", weather: Weather(.rainy, high: 12, low: 6),
        events: [
            "First Thursday art walk in Pioneer Square, 17:00", "Fish throwing at Pike Place, from 9:00",
            "Live set at the Crocodile, 20:00", "Glassblowing at Chihuly, hourly",
        ],
        places: [
            "Pike Place Market", "the Space Needle", "Capitol Hill",
            "the Museum of Pop Culture", "Chihuly Garden and Glass", "Ballard's breweries",
            "the ferry to Bainbridge Island", "the Museum of Flight", "Kerry Park at dusk",
        ],
        dish: "cedar-planked salmon by the Sound", transport: "An ORCA card covers light rail, buses and ferries")

    private static let miami = CityGuide(
        name: "Miami", weather: Weather(.stormy, high: 31, low: 25),
        events: [
            "Viernes Culturales on Calle Ocho, Friday 19:00", "Wynwood gallery night, Saturday 18:00",
            "Free concert at the New World Center, 20:00", "Lincoln Road farmers' market, Sunday from 9:00",
        ],
        places: [
            "South Beach and Ocean Drive", "the Art Deco quarter", "Española Way",
            "Wynwood Walls", "Pérez Art Museum", "Little Havana",
            "Vizcaya", "Coconut Grove", "a sunset cruise on Biscayne Bay",
        ],
        dish: "a Cuban sandwich on Calle Ocho", transport: "Trolleys and the Metromover are free")

    private static let honolulu = CityGuide(
        name: "Honolulu", weather: Weather(.sunny, high: 29, low: 22),
        events: [
            "Hula show at Kuhio Beach, 18:30", "KCC farmers' market, Saturday from 7:30",
            "Friday fireworks off Waikiki, 19:45", "Slack-key guitar at the Royal Hawaiian, 18:00",
        ],
        places: [
            "Diamond Head at sunrise", "Waikiki Beach", "Kalakaua Avenue",
            "Pearl Harbor", "Iolani Palace", "Chinatown",
            "Hanauma Bay", "the Manoa Falls trail", "Ala Moana at sunset",
        ],
        dish: "poke by the beach", transport: "TheBus goes round the island with a HOLO card")
}
